import { strictEqual } from 'node:assert'
import { isIP } from 'node:net'
import fc from 'fast-check'
import { clientAddress, forwardedScheme } from '../../src/proxy/head/client-address.ts'
import { plainGateway } from '../fixtures/requests.ts'
import { isAddressSlowly } from './address-oracle.ts'
import { damagedText } from './damage.ts'
import { runFuzz } from './run-fuzz.ts'

// Who called, against a reader that divides the list first: hops from the right, as long as they are trusted proxies.

const gateway = { ...plainGateway, trustedProxies: ['10.0.0.0/8', '::1'] }
const hopsMax = 32
const peer = '10.0.0.1'

const entry = fc.oneof(
  fc.constantFrom(
    '10.1.2.3',
    '10.255.0.1',
    '::1',
    '::ffff:10.1.1.1',
    '::ffff:0:10.1.1.1',
    '[::1]',
    '[::1]:80',
    '10.0.0.9:443',
    'unknown',
    '',
  ),
  fc.ipV4(),
  fc.ipV6(),
)
const list = damagedText(
  fc.array(entry, { maxLength: 40 }).map((entries) => entries.join(', ')),
  [',', ' ', ':', '[', ']', '.', '%eth0', '10.'],
)

function isTrusted(address: string): boolean {
  const plain = address.replace(/%.*$/s, '')
  if (isIP(plain) === 4) return plain.startsWith('10.')
  const { hostname } = new URL(`http://[${plain}]`)
  return hostname === '[::1]' || /^\[::ffff:a[0-9a-f]{2}:/.test(hostname)
}

function withoutPort(written: string): string {
  if (written.startsWith('[')) return /^\[([^\]]*)\]/.exec(written)?.[1] ?? ''
  return /^[^:]*:[^:]*$/s.test(written) ? (written.split(':')[0] ?? '') : written
}

function readSlowly(forwardedFor: string): string {
  let client = peer
  for (const part of forwardedFor.split(',').reverse().slice(0, hopsMax)) {
    const address = withoutPort(part.trim())
    if (!isAddressSlowly(address)) return client
    client = /^::ffff:(\d+\.[\d.]+)$/.exec(address)?.[1] ?? address
    if (!isTrusted(client)) return client
  }
  return client
}

await runFuzz(
  'client-address',
  fc.property(list, (forwardedFor) => {
    strictEqual(clientAddress(gateway, peer, forwardedFor), readSlowly(forwardedFor))
    const scheme = forwardedScheme(forwardedFor)
    strictEqual(scheme === undefined || scheme === 'http' || scheme === 'https', true)
  }),
)
