import { createRequire } from 'node:module'
import fc from 'fast-check'
import { damagedText } from './damage.ts'
import { readOwn, type SeenRequest } from './http1-oracle.ts'
import { runFuzz } from './run-fuzz.ts'

/**
 * Damaged streams of requests, read by our parser whole and in pieces, and by Node's: what ours takes for a whole
 * request, Node takes for the same request at the same place. Ours may stop earlier; it never sees another one.
 */
interface NodeParser {
  initialize(type: number, resource: object): void
  execute(bytes: Buffer): number | Error
  [callback: number]: unknown
}

const { HTTPParser, methods } = createRequire(import.meta.url)('_http_common') as {
  HTTPParser: {
    new (): NodeParser
    readonly [name: string]: number
  }
  methods: readonly string[]
}

/** What Node's parser makes of the bytes, until it finds a fault or another protocol. */
function readNode(bytes: Buffer): { readonly requests: readonly SeenRequest[]; readonly reason: string } {
  const parser = new HTTPParser()
  const requests: SeenRequest[] = []
  let headers: string[] = []
  let url = ''
  const on = (name: string, call: unknown): void => {
    parser[(HTTPParser[name] ?? 0) | 0] = call
  }
  parser.initialize(HTTPParser.REQUEST ?? 0, {})
  on('kOnHeaders', (more: string[], moreUrl: string) => {
    const last = requests.at(-1)
    if (last !== undefined && !last.isWhole) last.trailers = [...last.trailers, ...more]
    else {
      headers.push(...more)
      url += moreUrl
    }
  })
  on('kOnHeadersComplete', (major: number, minor: number, own: string[], method: number, target: string) => {
    requests.push({
      method: methods[method] ?? '',
      target: target ?? url,
      version: `${major}.${minor}`,
      headers: own ?? headers,
      body: '',
      trailers: [],
      isWhole: false,
    })
    headers = []
    url = ''
    return 0
  })
  on('kOnBody', (chunk: Buffer) => {
    const last = requests.at(-1)
    if (last !== undefined) last.body += chunk.toString('latin1')
  })
  on('kOnMessageComplete', () => {
    const last = requests.at(-1)
    if (last !== undefined) last.isWhole = true
  })
  const result = parser.execute(bytes) as { readonly reason?: string }
  return { requests, reason: result.reason ?? '' }
}

/**
 * Where Node refuses and we do not: the grammar of chunk extensions, which are dropped unread; the host of an absolute
 * target, which `readRequest` holds against `Host`. Tabs are left out: Node does not trim them off a value's end.
 */
const stricter = ['chunk extension', 'in url']

const requests = [
  'GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n',
  'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello',
  'PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n5;a=b\r\nhello\r\n0\r\nSum: 1\r\n\r\n',
  'DELETE /a HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n',
  '\r\nOPTIONS * HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nA: \t b \t\r\n\r\n',
  'GET http://x/a HTTP/1.1\r\nHost: x\r\n\r\n',
]
const pieces = [
  ...['\r\n', '\n', '\r', ' ', '\0', ':', ',', ';', '0', 'f', '+', '\xff', '\r\n\r\n', '\r\n '],
  ...['Content-Length: 1\r\n', 'Transfer-Encoding: chunked\r\n', 'chunked', 'HTTP/1.1', 'Connection: close\r\n'],
]
const streams = damagedText(
  fc.array(fc.constantFrom(...requests), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
  pieces,
)

const trimmed = (texts: readonly string[]): readonly string[] =>
  texts.map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''))
const shape = (one: SeenRequest): object => ({ ...one, headers: trimmed(one.headers), trailers: trimmed(one.trailers) })

await runFuzz(
  'http1-parser',
  fc.property(streams, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }), (text, sizes) => {
    const bytes = Buffer.from(text.replaceAll('\t', ' '), 'latin1')
    const whole = readOwn(bytes, () => bytes.length)
    let piece = 0
    const cut = readOwn(bytes, () => sizes[piece++ % sizes.length] ?? 1)
    const ended = whole.requests.filter(({ isWhole }) => isWhole)
    const endedCut = cut.requests.filter(({ isWhole }) => isWhole)
    if (JSON.stringify(ended) !== JSON.stringify(endedCut)) throw new Error('two divisions, two readings')
    if ((whole.fault === undefined) !== (cut.fault === undefined)) throw new Error('a fault in one division alone')
    const { requests: theirs, reason } = readNode(bytes)
    for (const [at, one] of ended.entries()) {
      const other = theirs[at]
      if (at >= theirs.length - 1 && stricter.some((fault) => reason.includes(fault))) break
      if (other === undefined) throw new Error(`Node does not see request ${at}`)
      if (JSON.stringify(shape(one)) !== JSON.stringify(shape(other))) {
        throw new Error(`Node sees ${JSON.stringify(other)}, we see ${JSON.stringify(one)}`)
      }
    }
  }),
)
