import { type AddressInfo, createServer, type Socket } from 'node:net'

/** The head of a request as its bytes say, read as strictly as RFC 9112 is written. */
export interface StrictHead {
  /** Method, target and version. */
  readonly line: string
  readonly method: string
  readonly target: string
  /** Names as sent. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Which connection brought it, counted from 0. */
  readonly connection: number
}

/** A whole request. */
export interface StrictRequest extends StrictHead {
  readonly body: string
  /** What followed a chunked body, names as sent. */
  readonly trailers: readonly (readonly [name: string, value: string])[]
}

/** An upstream that reads requests with a parser of its own and forgives nothing. */
export interface StrictUpstream {
  readonly port: number
  readonly url: string
  readonly requests: readonly StrictRequest[]
  /** What was not exactly one unambiguous request after the other: a run with any of these has failed. */
  readonly faults: readonly string[]
  readonly sockets: readonly Socket[]
  readonly close: () => Promise<void>
}

/** Answers a request: writes to the socket what it likes, in latin1. */
export type StrictAnswer = (request: StrictRequest, socket: Socket) => void

const requestLine = /^([A-Z]+) (\/[!-~]*|\*) HTTP\/1\.1$/
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/
/** What belongs to the caller's connection and must never arrive here (RFC 9110 7.6.1). */
const strangers = [
  'connection',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
]
/** What means something only before the content (RFC 9110 6.5.1), or to the connection. */
const neverTrailers = [
  ...strangers,
  'authorization',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'forwarded',
  'host',
  'range',
  'set-cookie',
  'transfer-encoding',
  'via',
]
/** Framing as servers spell it that hold `_` and `.` for `-`. */
const framingInDisguise = /^(?:content[_.]length|transfer[_.]encoding)$/i

export interface StrictSettings {
  /** Told of each head once, before anything of the body is looked at. */
  readonly onHead?: (head: StrictHead, socket: Socket) => void
  /** Whether `requests` holds them: not where there are too many. */
  readonly keeps?: boolean
  /** The gateway's own wish for a WebSocket is no fault, in the one form it has. */
  readonly takesUpgrades?: boolean
}

/** The plain answer of a request that asks for nothing special. */
export const plainAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

export async function startStrictUpstream(
  answer: StrictAnswer = (_request, socket) => void socket.write(plainAnswer),
  { onHead, keeps = true, takesUpgrades = false }: StrictSettings = {},
): Promise<StrictUpstream> {
  const requests: StrictRequest[] = []
  const faults: string[] = []
  const sockets: Socket[] = []
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = sockets.push(socket) - 1
    let text = ''
    let pending: ReadHead | undefined
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (;;) {
        const head = pending ?? readHead(text, connection, takesUpgrades)
        if (typeof head === 'object' && pending === undefined) onHead?.(head.head, socket)
        pending = typeof head === 'object' ? head : undefined
        const body = typeof head === 'object' ? readBody(text, head) : head
        if (typeof body === 'string') {
          faults.push(`${body}: ${JSON.stringify(text.slice(0, 300))}`)
          socket.destroy()
        }
        if (typeof body !== 'object' || typeof head !== 'object') return
        text = text.slice(body.end)
        pending = undefined
        const request = { ...head.head, body: body.body, trailers: body.trailers }
        if (keeps) requests.push(request)
        answer(request, socket)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    requests,
    faults,
    sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface ReadHead {
  readonly head: StrictHead
  /** Where the body begins. */
  readonly bodyStart: number
  readonly length: string | undefined
  readonly coding: string | undefined
}

/** The head the text begins with; undefined while it is not whole, a fault when it never will be. */
function readHead(text: string, connection: number, takesUpgrades: boolean): ReadHead | string | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const [line = '', ...lines] = text.slice(0, headEnd).split('\r\n')
  const words = requestLine.exec(line)
  if (words === null) return 'no request line'
  const headers: [string, string][] = []
  for (const each of lines) {
    const parts = headerLine.exec(each)
    if (parts === null) return `no header line: ${JSON.stringify(each)}`
    headers.push([parts[1] ?? '', parts[2] ?? ''])
  }
  const valuesOf = (name: string): string[] =>
    headers.filter(([header]) => header.toLowerCase() === name).map(([, value]) => value)
  if (valuesOf('host').length !== 1) return 'not exactly one Host'
  const upgrades = takesUpgrades && `${valuesOf('connection')} ${valuesOf('upgrade')}` === 'Upgrade websocket'
  const stranger = headers.find(([header]) => {
    const name = header.toLowerCase()
    return strangers.includes(name) && !(upgrades && (name === 'connection' || name === 'upgrade'))
  })
  if (stranger !== undefined) return `a header of the caller's connection: ${stranger[0]}`
  const disguised = headers.find(([name]) => framingInDisguise.test(name))
  if (disguised !== undefined) return `framing in disguise: ${disguised[0]}`
  const [lengths, codings] = [valuesOf('content-length'), valuesOf('transfer-encoding')]
  if (lengths.length + codings.length > 1) return 'more than one framing'
  const [, method = '', target = ''] = words
  const head = { line, method, target, headers, connection }
  return { head, bodyStart: headEnd + 4, length: lengths[0], coding: codings[0] }
}

interface ReadBody {
  readonly body: string
  readonly trailers: readonly (readonly [name: string, value: string])[]
  readonly end: number
}

function readBody(text: string, { bodyStart: start, length, coding }: ReadHead): ReadBody | string | undefined {
  if (coding !== undefined) return coding === 'chunked' ? readChunks(text, start) : `coding ${coding}`
  if (length === undefined) return { body: '', trailers: [], end: start }
  if (!/^\d+$/.test(length)) return `length ${length}`
  const end = start + Number(length)
  return text.length < end ? undefined : { body: text.slice(start, end), trailers: [], end }
}

function readChunks(text: string, start: number): ReadBody | string | undefined {
  let body = ''
  let at = start
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = text.slice(at, lineEnd)
    if (!/^[0-9a-f]+$/.test(size)) return `chunk size ${JSON.stringify(size)}`
    const end = lineEnd + 2 + Number.parseInt(size, 16)
    if (end === lineEnd + 2) return readTrailers(text, body, end)
    if (text.length < end + 2) return undefined
    if (text.slice(end, end + 2) !== '\r\n') return 'a chunk without its end'
    body += text.slice(lineEnd + 2, end)
    at = end + 2
  }
}

function readTrailers(text: string, body: string, start: number): ReadBody | string | undefined {
  const trailers: [string, string][] = []
  let at = start
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    if (lineEnd === at) return { body, trailers, end: at + 2 }
    const parts = headerLine.exec(text.slice(at, lineEnd))
    if (parts === null) return `no trailer line: ${JSON.stringify(text.slice(at, lineEnd))}`
    const [, name = '', value = ''] = parts
    const folded = name.toLowerCase().replaceAll(/[_.]/g, '-')
    if (neverTrailers.includes(folded)) return `a trailer that belongs into a head: ${name}`
    trailers.push([name, value])
    at = lineEnd + 2
  }
}
