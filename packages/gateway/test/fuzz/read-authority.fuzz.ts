import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { readAuthority } from '../../src/proxy/head/read-authority.ts'
import { damagedText } from './damage.ts'
import { runFuzz } from './run-fuzz.ts'

// Exactly the authorities of a grammar are read, as the host they name; reading a host again changes nothing.

const authority = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
  fc.tuple(fc.domain(), fc.nat(70_000)).map(([host, port]) => `${host}:${port}`),
  fc.webAuthority({ withPort: true, withUserInfo: true, withIPv6: true, withIPv4: true }),
)
const text = damagedText(authority, [
  '.',
  '..',
  ':',
  '::',
  '[',
  ']',
  '@',
  '/',
  '\\',
  ' ',
  '_',
  '%',
  'A',
  'a'.repeat(260),
])

function readSlowly(written: string): string | undefined {
  if (written.length > 261) return undefined
  const host = /^([A-Za-z0-9._-]+|\[[A-Fa-f0-9:.]{2,}\])(?::\d{0,5})?$/.exec(written)?.[1]
  if (host === undefined) return undefined
  const plain = host.startsWith('[') ? host : host.replace(/\.$/, '')
  return plain === '' ? undefined : plain.toLowerCase()
}

await runFuzz(
  'read-authority',
  fc.property(text, (written) => {
    const host = readAuthority(written)
    deepStrictEqual(host, readSlowly(written))
    if (host !== undefined && !host.endsWith('.')) deepStrictEqual(readAuthority(host), host)
  }),
)
