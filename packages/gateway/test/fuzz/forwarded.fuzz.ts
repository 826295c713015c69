import fc from 'fast-check'
import { countForwardedSteps, parseForwarded } from '../../src/proxy/head/parse-forwarded.ts'
import { runFuzz } from './run-fuzz.ts'

// A Forwarded value is read exactly when a grammar written as one expression takes it (RFC 7239 4), never in more steps
// than it has characters, and whatever strangers wrote in front of a hop, it is read as it stands or nothing is.

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const pair = `${token}=(?:${token}|"(?:[^"\\\\]|\\\\[^])+")`
const hop = `${pair}(?:;${pair})*`
const grammar = new RegExp(`^[ \\t]*(?:${hop}[ \\t]*)?(?:,[ \\t]*(?:${hop}[ \\t]*)?)*$`)

/** RFC 7239 4: a parameter occurs once in a hop. */
function namesTwice(value: string): boolean {
  const plain = value.replaceAll(/"(?:[^"\\]|\\[\s\S])+"/g, '""')
  return plain.split(',').some((one) => {
    const names = one.split(';').map((each) => each.trim().split('=')[0]?.toLowerCase())
    return new Set(names).size < names.length
  })
}

const piece = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('for=', 'host=', 'proto=', 'by=', 'x=', 'For=', '192.0.2.1', '"[2001:db8::1]:80"', '_a'),
  },
  { weight: 3, arbitrary: fc.constantFrom(',', ';', '"', '\\', '=', ' ', '\t', '""', '\\"') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 3 }) },
)
const text = fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join(''))
const own = 'for="[2001:db8::7]:80";proto=https'

await runFuzz(
  'forwarded',
  fc.property(text, (value) => {
    const read = parseForwarded(value)
    if ((read !== undefined) !== (grammar.test(value) && !namesTwice(value))) return false
    if (countForwardedSteps(value) > value.length) return false
    const last = parseForwarded(`${value}, ${own}`)?.at(-1)
    return last === undefined || (last.for === '[2001:db8::7]:80' && last.proto === 'https')
  }),
)
