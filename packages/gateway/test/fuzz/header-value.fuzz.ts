import { strictEqual } from 'node:assert'
import fc from 'fast-check'
import type { JsonValue } from '../../src/domain/claims.ts'
import { claimToHeader, headerLine, isFieldValue, isToken68 } from '../../src/proxy/head/header-value.ts'
import { runFuzz } from './run-fuzz.ts'

// What may stand in a header is what RFC 9110 says, and a claim in a header is that claim again when it is decoded.

const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  // Long ones take another way than short ones.
  fc
    .tuple(
      fc.string({ unit: fc.constantFrom(...'aZ09-._~+/= '), minLength: 60, maxLength: 90, size: 'max' }),
      fc.string({ unit: 'binary', maxLength: 1 }),
      fc.nat(90),
    )
    .map(([long, stray, at]) => long.slice(0, at) + stray + long.slice(at)),
  fc.constantFrom('', ' a', 'a ', '%41', 'é', '\t', '\u010a', '\ud800', '\r\nx: y', '\x7f'),
)
const claim: fc.Arbitrary<JsonValue> = fc.oneof(
  text,
  fc.double(),
  fc.boolean(),
  fc.array(fc.oneof(text, fc.integer()), { maxLength: 4 }),
  fc.constant(null),
) as fc.Arbitrary<JsonValue>

/** The items of an RFC 9651 list of strings, each decoded. */
function readList(value: string): readonly string[] {
  const items = value.match(/"(?:\\.|[^"\\])*"/g) ?? []
  return items.map((item) => decodeURIComponent(item.slice(1, -1).replaceAll(/\\(.)/g, '$1')))
}

function checkClaim(value: JsonValue): void {
  for (const unprintable of ['encode', 'refuse'] as const) {
    const sent = claimToHeader(value, unprintable)
    if (sent.kind !== 'value') continue
    strictEqual(/^[\x20-\x7e]+$/.test(sent.value) && sent.value.trim() === sent.value, true)
    strictEqual(headerLine('x', sent.value), `x: ${sent.value}\r\n`)
    if (unprintable === 'refuse') continue
    if (Array.isArray(value)) strictEqual(readList(sent.value).join('\n'), value.map(String).join('\n'))
    else strictEqual(decodeURIComponent(sent.value), String(value))
  }
}

await runFuzz(
  'header-value',
  fc.property(text, claim, (value, claimed) => {
    strictEqual(isFieldValue(value), /^[\t\x20-\x7e\x80-\xff]*$/.test(value))
    strictEqual(isToken68(value), /^[A-Za-z0-9\-._~+/=]+$/.test(value))
    checkClaim(value)
    checkClaim(claimed)
  }),
)
