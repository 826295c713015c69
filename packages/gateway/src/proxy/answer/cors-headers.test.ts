import { describe, expect, it } from 'vitest'
import { corsOf } from '../../../test/fixtures/requests.ts'
import type { CorsPlan } from '../../compile/plan.ts'
import { addCorsHeaders } from './cors-headers.ts'

function added(cors: Partial<CorsPlan>, origin: string | undefined): readonly string[] {
  const rawHeaders: string[] = []
  addCorsHeaders(rawHeaders, corsOf(cors), origin)
  return rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : []))
}

const expose = 'access-control-expose-headers: WWW-Authenticate, Retry-After, jotgate-decision'

describe('S18 what an answer lets a page read', () => {
  it.each<[string, Partial<CorsPlan>, string | undefined, readonly string[]]>([
    ['a listed origin', {}, 'https://app.example', ['access-control-allow-origin: https://app.example', expose]],
    [
      'a listed origin with cookies',
      { credentials: true },
      'https://app.example',
      ['access-control-allow-origin: https://app.example', 'access-control-allow-credentials: true', expose],
    ],
    ['any origin', { origins: 'any' }, 'https://any.example', ['access-control-allow-origin: *', expose]],
    ['no page', {}, undefined, []],
    ['no page, where any may', { origins: 'any' }, undefined, []],
    ['another origin', {}, 'https://elsewhere.example', []],
    ['another port', {}, 'https://app.example:8443', []],
    ['another scheme', {}, 'http://app.example', []],
    ['another case', {}, 'https://APP.example', []],
    ['a name that ends alike', {}, 'https://evilapp.example', []],
    ['a name that begins alike', {}, 'https://app.example.evil.test', []],
    ['a page without an origin', { origins: ['null'] }, 'null', []],
    ['a page without an origin, where any may', { origins: 'any' }, 'null', []],
  ])('%s: and Vary says always that the origin decides', (_, cors, origin, wanted) => {
    expect(added(cors, origin)).toEqual(['vary: Origin', ...wanted])
  })
})
