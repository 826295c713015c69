import fc from 'fast-check'
import { readTarget } from '../../src/outbound/read-target.ts'
import { damagedText } from './damage.ts'
import { runFuzz } from './run-fuzz.ts'

// A URL that is accepted means one thing: the URL standard reads the same host, port and path out of it, what was
// written is what is connected to, and the target written out and read again is the same target.

const url = fc.oneof(
  fc.webUrl({ validSchemes: ['http', 'https'], withQueryParameters: true, withFragments: true }),
  fc.constantFrom(
    'https://id.example.com/.well-known/openid-configuration',
    'http://127.0.0.1:8080/jwks',
    'https://[2001:db8::1]:8443/keys?a=b',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://127.1/',
    'http://user:secret@host/',
    'http://host:0/',
  ),
)
const pieces = [
  '@',
  '\\',
  '/',
  '//',
  ':',
  '?',
  '#',
  '[',
  ']',
  '%2e',
  '%00',
  '..',
  '\t',
  '\n',
  'A',
  '0x',
  '.',
  'ｅ',
  '￿',
]

function isOneMeaning(text: string): boolean {
  const read = readTarget(text)
  if (!read.ok) return true
  const { secure, host, port, authority, path } = read.value
  const standard = new URL(text)
  const written = /^https?:\/\/(?:\[([^\]]*)\]|([^/?#:]*))/i.exec(text)
  const again = readTarget(`${secure ? 'https' : 'http'}://${authority}${path}`)
  return (
    text.length <= 2048 &&
    standard.username === '' &&
    standard.password === '' &&
    standard.protocol === (secure ? 'https:' : 'http:') &&
    standard.host === authority &&
    standard.pathname + standard.search === path &&
    (written?.[1] !== undefined ? standard.hostname === `[${host}]` : written?.[2]?.toLowerCase() === host) &&
    port > 0 &&
    port < 65_536 &&
    again.ok &&
    JSON.stringify(again.value) === JSON.stringify(read.value)
  )
}

await runFuzz('read-target', fc.property(damagedText(url, pieces), isOneMeaning))
