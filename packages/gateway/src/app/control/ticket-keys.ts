import { randomBytes } from 'node:crypto'

/** The key that seals TLS session tickets: one at a time, in memory only, the same in all workers. */
export interface TicketKeys {
  /** Base64url of 48 bytes. */
  readonly current: () => string
}

const keyBytes = 48
/** Also how long a session may be resumed: with the next key older tickets cannot be opened, and a full handshake follows. */
const rotateMs = 3_600_000

/** Makes a first key and a new one every hour, of which `onKey` is told. */
export function createTicketKeys(onKey: (key: string) => void): TicketKeys {
  let key = randomBytes(keyBytes).toString('base64url')
  setInterval(() => {
    key = randomBytes(keyBytes).toString('base64url')
    onKey(key)
  }, rotateMs).unref()
  return { current: () => key }
}
