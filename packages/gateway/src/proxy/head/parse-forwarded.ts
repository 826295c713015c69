/** One hop of a `Forwarded` value: its parameters as the hop wrote them, unquoted. */
export interface ForwardedHop {
  readonly for: string | undefined
  readonly host: string | undefined
  readonly proto: string | undefined
}

/** A scanner's place in its text, and how many characters it looked at. */
interface Cursor {
  readonly text: string
  at: number
  steps: number
}

/** Per character code: 1 for part of a token (RFC 9110 5.6.2). */
const tokenCodes = Uint8Array.from({ length: 256 }, (_, code) =>
  code < 0x80 && /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)) ? 1 : 0,
)

/**
 * Reads a `Forwarded` value (RFC 7239 4), several lines joined by commas, into its hops, the nearest last. Undefined
 * when any of it is not what the grammar says, a parameter named twice in one hop included: what stands left was written
 * by strangers, and must not change how the trusted rest is read. Linear time.
 */
export function parseForwarded(value: string): readonly ForwardedHop[] | undefined {
  return readHops({ text: value, at: 0, steps: 0 })
}

/** How many characters reading looks at: tests hold it to a multiple of the length. */
export function countForwardedSteps(value: string): number {
  const cursor: Cursor = { text: value, at: 0, steps: 0 }
  readHops(cursor)
  return cursor.steps
}

function readHops(cursor: Cursor): readonly ForwardedHop[] | undefined {
  const hops: ForwardedHop[] = []
  for (;;) {
    skipBlanks(cursor)
    // RFC 9110 5.6.1.2: a list may have empty members.
    if (!isAt(cursor, 0x2c) && cursor.at < cursor.text.length) {
      const hop = readHop(cursor)
      if (hop === undefined) return undefined
      hops.push(hop)
      skipBlanks(cursor)
    }
    if (cursor.at >= cursor.text.length) return hops
    if (!take(cursor, 0x2c)) return undefined
  }
}

function readHop(cursor: Cursor): ForwardedHop | undefined {
  const hop: Record<string, string | undefined> = { for: undefined, host: undefined, proto: undefined }
  const seen = new Set<string>()
  do {
    const name = readToken(cursor).toLowerCase()
    if (name === '' || seen.has(name) || !take(cursor, 0x3d)) return undefined
    seen.add(name)
    const value = isAt(cursor, 0x22) ? readQuoted(cursor) : readToken(cursor)
    if (value === undefined || value === '') return undefined
    if (name in hop) hop[name] = value
  } while (take(cursor, 0x3b))
  return { for: hop.for, host: hop.host, proto: hop.proto }
}

function readToken(cursor: Cursor): string {
  const start = cursor.at
  while (tokenCodes[cursor.text.charCodeAt(cursor.at)] === 1) step(cursor)
  return cursor.text.slice(start, cursor.at)
}

/** RFC 9110 5.6.4. Undefined when the text ends inside. */
function readQuoted(cursor: Cursor): string | undefined {
  step(cursor)
  let read = ''
  let start = cursor.at
  for (; cursor.at < cursor.text.length; step(cursor)) {
    const code = cursor.text.charCodeAt(cursor.at)
    if (code !== 0x22 && code !== 0x5c) continue
    read += cursor.text.slice(start, cursor.at)
    step(cursor)
    if (code === 0x22) return read
    // The escaped character stands for itself.
    start = cursor.at
    if (cursor.at >= cursor.text.length) return undefined
  }
  return undefined
}

function skipBlanks(cursor: Cursor): void {
  while (isAt(cursor, 0x20) || isAt(cursor, 0x09)) step(cursor)
}

function isAt(cursor: Cursor, code: number): boolean {
  return cursor.text.charCodeAt(cursor.at) === code
}

function take(cursor: Cursor, code: number): boolean {
  if (!isAt(cursor, code)) return false
  step(cursor)
  return true
}

function step(cursor: Cursor): void {
  cursor.at++
  cursor.steps++
}
