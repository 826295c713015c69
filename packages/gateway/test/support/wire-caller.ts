import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** An answer as its bytes say. */
export interface WireAnswer {
  readonly status: number
  /** Names in lower case; a repeated one holds all its values. */
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly body: string
  /** Everything as it came, the interim answers before it included. */
  readonly raw: string
}

/** A caller that writes bytes and reads what comes, without an HTTP client between. */
export interface Wire {
  readonly socket: Socket
  readonly write: (bytes: string) => void
  /** The next final answer; interim ones are counted and passed over. Rejects when the connection ends before. */
  readonly answer: (toHead?: boolean) => Promise<WireAnswer>
  /** Status codes of interim answers so far. */
  readonly interim: readonly number[]
  /** Resolves when the gateway has closed the connection. */
  readonly closed: Promise<void>
  /** What came and was not asked for by `answer`. */
  readonly unread: () => string
  readonly destroy: () => void
}

/** Longest wait for an answer, unless told otherwise. */
const usualPatienceMs = 15_000

/** `isTls`: over TLS, to whoever answers. */
export async function openWire(port: number, patienceMs: number = usualPatienceMs, isTls = false): Promise<Wire> {
  const to = { port, host: '127.0.0.1', noDelay: true }
  const socket = isTls ? connectTls({ ...to, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }) : connect(to)
  let text = ''
  let ended = false
  let wake: () => void = () => undefined
  const interim: number[] = []
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    wake()
  })
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => {
    const end = (): void => {
      ended = true
      wake()
      resolve()
    }
    socket.on('end', end)
    socket.on('close', end)
  })
  await new Promise((resolve, reject) =>
    socket.once(isTls ? 'secureConnect' : 'connect', resolve).once('error', reject),
  )

  function more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer, only ${JSON.stringify(text)}`)), patienceMs)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  return {
    socket,
    interim,
    closed,
    write: (bytes) => void socket.write(bytes, 'latin1'),
    unread: () => text,
    destroy: () => socket.destroy(),
    answer: async (toHead = false) => {
      let raw = ''
      for (;;) {
        const read = readAnswer(text, toHead, ended)
        if (read !== undefined) {
          raw += text.slice(0, read.bytes)
          text = text.slice(read.bytes)
          if (read.status >= 200) return { status: read.status, headers: read.headers, body: read.body, raw }
          interim.push(read.status)
        } else if (ended) throw new Error(`the connection ended after ${JSON.stringify(text)}`)
        else await more()
      }
    },
  }
}

interface Read extends Omit<WireAnswer, 'raw'> {
  readonly bytes: number
}

function readAnswer(text: string, toHead: boolean, ended: boolean): Read | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const [first = '', ...lines] = text.slice(0, headEnd).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})( .*)?$/.exec(first)?.[1] ?? Number.NaN)
  if (Number.isNaN(status)) throw new Error(`no status line: ${first}`)
  const headers = new Map<string, string[]>()
  for (const line of lines) {
    const colon = line.indexOf(': ')
    if (colon < 1) throw new Error(`no header line: ${line}`)
    const name = line.slice(0, colon).toLowerCase()
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 2)])
  }
  const at = headEnd + 4
  if (toHead || status < 200 || status === 204 || status === 304) return { status, headers, body: '', bytes: at }
  const length = headers.get('content-length')
  const coding = headers.get('transfer-encoding')
  if (length !== undefined && coding !== undefined) throw new Error('an answer with both framings')
  if (coding !== undefined) {
    const chunks = readChunks(text, at)
    return chunks === undefined ? undefined : { status, headers, ...chunks }
  }
  if (length === undefined) return ended ? { status, headers, body: text.slice(at), bytes: text.length } : undefined
  if (length.length > 1) throw new Error('an answer with two lengths')
  const end = at + Number(length[0])
  return text.length < end ? undefined : { status, headers, body: text.slice(at, end), bytes: end }
}

function readChunks(text: string, start: number): { readonly body: string; readonly bytes: number } | undefined {
  let body = ''
  let at = start
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const end = lineEnd + 2 + Number.parseInt(text.slice(at, lineEnd), 16)
    if (text.length < end + 2) return undefined
    body += text.slice(lineEnd + 2, end)
    at = end + 2
    if (end === lineEnd + 2) return { body, bytes: at }
  }
}
