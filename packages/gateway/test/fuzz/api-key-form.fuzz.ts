import { deepStrictEqual, strictEqual } from 'node:assert'
import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { apiKeyForm, apiKeySecretBytes, formatApiKey } from '../../src/domain/api-key-form.ts'
import { crc32 } from '../../src/domain/crc32.ts'
import { runFuzz } from './run-fuzz.ts'

// A key is ours exactly when reading its digits and writing them again gives the same text.

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const secret = fc.uint8Array({ minLength: apiKeySecretBytes, maxLength: apiKeySecretBytes })
const damage = fc.record({ at: fc.nat(40), cut: fc.nat(3), put: fc.string({ maxLength: 3 }) })

/** The key of the number these digits spell, whatever its checksum; undefined: they spell none of 160 bits. */
function writtenAgain(text: string): string | undefined {
  const [, body] = /^jgk_([0-9A-Za-z]{27})[0-9A-Za-z]{6}$/.exec(text) ?? []
  if (body === undefined) return undefined
  let value = 0n
  for (const digit of body) value = value * 62n + BigInt(digits.indexOf(digit))
  const hex = value.toString(16).padStart(2 * apiKeySecretBytes, '0')
  return hex.length > 2 * apiKeySecretBytes ? undefined : formatApiKey(Buffer.from(hex, 'hex'))
}

await runFuzz(
  'api-key-form',
  fc.property(fc.oneof(fc.string(), secret.map(formatApiKey)), fc.array(damage, { maxLength: 2 }), (text, damages) => {
    let sent = text
    for (const { at, cut, put } of damages) sent = sent.slice(0, at) + put + sent.slice(at + cut)
    const form = apiKeyForm(sent)
    strictEqual(form === 'foreign', !sent.startsWith('jgk_'))
    if (form !== 'foreign') deepStrictEqual([sent, form], [sent, writtenAgain(sent) === sent ? 'own' : 'damaged'])
    const ascii = Buffer.from(sent, 'latin1').toString('latin1')
    if (ascii === sent) strictEqual(crc32(sent), zlibCrc32(Buffer.from(sent, 'latin1')))
  }),
)
