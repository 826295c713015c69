import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { cutCookie, findCookie } from '../../src/proxy/head/cookie-crumbs.ts'
import { runFuzz } from './run-fuzz.ts'

// Finder and cutter agree with a reader that divides by `;` and `=` alone, and nothing of a cut cookie is left.

const name = 'token'
const piece = fc.oneof(
  fc.constantFrom(
    'token',
    'token2',
    'xtoken',
    'Token',
    'a',
    ';',
    ';',
    '=',
    '=',
    '"',
    ' ',
    '\t',
    ',',
    'token=',
    '%74oken',
  ),
  fc.string({ maxLength: 3 }),
)

interface Crumb {
  readonly text: string
  readonly name: string
  readonly value: string
}

function readSlowly(cookie: string): readonly Crumb[] {
  return cookie.split(';').map((part) => {
    const [crumbName = '', ...rest] = part.split('=')
    const value = rest.join('=').trim()
    return { text: part.trim(), name: crumbName.trim(), value: /^"(.*)"$/s.exec(value)?.[1] ?? value }
  })
}

await runFuzz(
  'cookie-crumbs',
  fc.property(fc.array(piece, { maxLength: 16 }), (pieces) => {
    const cookie = pieces.join('')
    const crumbs = readSlowly(cookie)
    const wanted = crumbs.filter((crumb) => crumb.name === name)
    deepStrictEqual(
      findCookie(cookie, name),
      wanted.map(({ value }) => value),
    )
    const kept = cutCookie(cookie, name)
    deepStrictEqual(findCookie(kept, name), [])
    const others = crumbs.filter((crumb) => crumb.name !== name && crumb.text !== '').map(({ text }) => text)
    // A header without the name goes on byte for byte.
    deepStrictEqual(kept, cookie.includes(name) ? others.join('; ') : cookie)
  }),
)
