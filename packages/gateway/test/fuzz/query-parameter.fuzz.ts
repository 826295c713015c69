import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { cutQueryParameter, decodeQueryValue, findQueryParameter } from '../../src/proxy/head/query-parameter.ts'
import { runFuzz } from './run-fuzz.ts'

// Finder, cutter and decoder agree with a slow reader; what is not cut goes on byte for byte.

const name = 'to_ken'
const piece = fc.oneof(
  fc.constantFrom(
    'to_ken',
    'to%5Fken',
    '%74o%5fken',
    'to ken',
    'token',
    '&',
    '&',
    '=',
    '=',
    '%',
    '%2',
    '%6',
    '+',
    '?',
    '%3D',
  ),
  fc.string({ maxLength: 3 }),
  fc.nat(255).map((byte) => `%${byte.toString(16).padStart(2, '0')}`),
)

/** Undefined when an escape is broken. Bytes become characters of their number. */
function decodeSlowly(text: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined
  return text
    .replaceAll('+', ' ')
    .replaceAll(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

await runFuzz(
  'query-parameter',
  fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
    const inner = pieces.join('')
    deepStrictEqual(decodeQueryValue(inner), decodeSlowly(inner))
    const query = `?${inner}`
    const parts = inner.split('&')
    const isWanted = (part: string): boolean => {
      const written = part.split('=')[0] ?? ''
      return written === name || decodeSlowly(written) === name
    }
    deepStrictEqual(
      findQueryParameter(query, name),
      parts.filter(isWanted).map((part) => part.split('=').slice(1).join('=')),
    )
    const kept = cutQueryParameter(query, name)
    const others = parts.filter((part) => !isWanted(part))
    if (others.length === parts.length) deepStrictEqual(kept, query)
    else deepStrictEqual(kept, others.join('&') === '' ? '' : `?${others.join('&')}`)
    deepStrictEqual(findQueryParameter(kept, name), [])
  }),
)
