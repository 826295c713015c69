import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { parsePem } from '../../src/keys/recognise/parse-pem.ts'
import { damagedText } from './damage.ts'
import { runFuzz } from './run-fuzz.ts'

// Blocks are found as written, in any order and however line breaks are spelt; of damaged text never more than a slow
// reader finds.

const block = fc.record({
  label: fc.constantFrom('PUBLIC KEY', 'CERTIFICATE', 'RSA PUBLIC KEY', 'ENCRYPTED PRIVATE KEY'),
  der: fc.uint8Array({ minLength: 1, maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  lineBreak: fc.constantFrom('\n', '\r\n', '', '\\n', '\\r\\n'),
})
type Block = { readonly label: string; readonly der: Buffer; readonly lineBreak: string }

function write({ label, der, lineBreak }: Block): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join(lineBreak)
}

const pieces = ['-----', '-----BEGIN ', '-----END ', '\n', '=', 'A', ' ', 'Proc-Type: 4,ENCRYPTED\n', '\\n', '-']

/** Labels and bodies by one expression over the whole text; undefined when anything but white space is left over. */
function readSlowly(text: string): readonly (readonly [string, string])[] | undefined {
  const plain = text.replaceAll('\\r', '').replaceAll('\\n', '\n')
  const found: (readonly [string, string])[] = []
  const rest = plain.replaceAll(/-----BEGIN (.*?)-----(.*?)-----END \1-----/gs, (_, label: string, body: string) => {
    found.push([label, body.replaceAll(/[ \t\r\n]/g, '')])
    return ''
  })
  return rest.trim() === '' ? found : undefined
}

await runFuzz(
  'parse-pem',
  fc.property(
    fc.array(block, { maxLength: 3 }),
    damagedText(
      fc.array(block, { maxLength: 2 }).map((all) => all.map(write).join('')),
      pieces,
    ),
    (blocks, damaged) => {
      const whole = parsePem(blocks.map(write).join(''))
      deepStrictEqual(
        whole?.map(({ label, der }) => [label, der?.toString('hex')]),
        blocks.map(({ label, der }) => [label, der.toString('hex')]),
      )
      const expected = readSlowly(damaged)
      const read = parsePem(damaged)
      if (expected === undefined) return read === undefined
      deepStrictEqual(
        read?.map(({ label, der }) => [label, der?.toString('base64')]),
        expected.map(([label, body]) => {
          const canonical = Buffer.from(body, 'base64').toString('base64')
          return [label, body !== '' && canonical === body ? body : undefined]
        }),
      )
      return true
    },
  ),
)
