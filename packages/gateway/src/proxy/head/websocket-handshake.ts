import { createHash } from 'node:crypto'
import { foldHeaderName } from '../../domain/header-name.ts'
import { listHas } from '../framing/list-has.ts'

/** RFC 6455 1.3. */
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

const watched: readonly string[] = [
  'connection',
  'upgrade',
  'sec-websocket-key',
  'sec-websocket-version',
  'content-length',
  'transfer-encoding',
]

/**
 * The key of a request that is a WebSocket opening handshake (RFC 6455 4.2.1): GET over HTTP/1.1 without a body,
 * `Connection` with `upgrade`, `Upgrade: websocket`, version 13, and a key of 16 bytes. Undefined for every other
 * request, one that says any of these twice or in a disguised spelling too: it is served as an ordinary one.
 */
export function handshakeKey(method: string, httpVersion: string, rawHeaders: readonly string[]): string | undefined {
  if (method !== 'GET' || httpVersion !== '1.1') return undefined
  const found = new Map<string, string>()
  let connection = ''
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    const folded = foldHeaderName(name)
    if (!watched.includes(folded)) continue
    if (folded !== name) return undefined
    const value = rawHeaders[at + 1] ?? ''
    if (name === 'connection') connection += `,${value}`
    else if (found.has(name)) return undefined
    else found.set(name, value)
  }
  const key = found.get('sec-websocket-key')
  const isHandshake =
    key !== undefined &&
    isKey(key) &&
    found.get('sec-websocket-version') === '13' &&
    found.get('upgrade')?.toLowerCase() === 'websocket' &&
    !found.has('transfer-encoding') &&
    (found.get('content-length') ?? '0') === '0' &&
    listHas(connection, 'upgrade')
  return isHandshake ? key : undefined
}

/** The one right answer to a key (RFC 6455 4.2.2). */
export function acceptFor(key: string): string {
  return createHash('sha1').update(`${key}${acceptSuffix}`, 'latin1').digest('base64')
}

/**
 * What keeps an answer 101 from opening a tunnel (RFC 6455 4.1): it must switch to `websocket`, and prove with
 * `Sec-WebSocket-Accept` that it answers this very handshake. Undefined: nothing.
 */
export function upgradeFault(
  key: string,
  rawHeaders: readonly string[],
): 'upgrade_protocol' | 'upgrade_accept' | undefined {
  const accepts: string[] = []
  const protocols: string[] = []
  let connection = ''
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    const value = rawHeaders[at + 1] ?? ''
    if (name === 'sec-websocket-accept') accepts.push(value)
    else if (name === 'upgrade') protocols.push(value.toLowerCase())
    else if (name === 'connection') connection += `,${value}`
  }
  if (protocols.length !== 1 || protocols[0] !== 'websocket' || !listHas(connection, 'upgrade'))
    return 'upgrade_protocol'
  return accepts.length === 1 && accepts[0] === acceptFor(key) ? undefined : 'upgrade_accept'
}

/** 16 bytes in the one base64 form they have. */
function isKey(text: string): boolean {
  return text.length === 24 && Buffer.from(text, 'base64').length === 16 && isCanonical(text)
}

function isCanonical(text: string): boolean {
  return Buffer.from(text, 'base64').toString('base64') === text
}
