import { connect, type TLSSocket } from 'node:tls'
import { keyExchange } from '../key-exchange.ts'
import { browserHeaders } from './browser-headers.ts'
import {
  acknowledged,
  endHeaders,
  endStream,
  frame,
  frameHeadBytes,
  frameType,
  headerBlock,
  padded,
  priority,
  settingsPayload,
  statusOf,
  writeStreamId,
} from './http2-frames.ts'
import type { Load } from './load.ts'
import type { GeneratorPlan } from './run-generator.ts'
import { tokenLines } from './token-lines.ts'

/**
 * A closed loop over HTTP/2 that sends many tokens in turn, which h2load cannot: requests are frames prepared once a token, and
 * of answers no more is read than their status and their end. Headers are literals: a browser's would be shorter, by indexes
 * and Huffman codes. `http2.ts <GeneratorPlan as JSON>`; prints a `Load`.
 */
interface Connection {
  readonly socket: TLSSocket
  readonly open: Set<number>
  nextStreamId: number
  /** No more requests: the peer said GOAWAY, or stream ids are used up. */
  isLeaving: boolean
  /** The beginning of a frame whose end has not come. */
  held: Buffer | undefined
  /** Bytes of bodies read since the peer was last told. */
  unsaid: number
}

const plan = JSON.parse(process.argv[2] ?? '') as GeneratorPlan
const streamsEach = 8
const connectionsWanted = Math.ceil(plan.inFlight / streamsEach)
const streamIdMax = 0x7fff_fffd
const windowBytes = 1_048_576
const preface = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  // No dynamic table, no push, and room for an answer.
  frame(frameType.settings, 0, 0, settingsPayload([[1, 0], [2, 0], [4, windowBytes]])), // biome-ignore format: three pairs
  frame(frameType.windowUpdate, 0, 0, number32(windowBytes)),
])
const settingsAcknowledged = frame(frameType.settings, acknowledged, 0, Buffer.alloc(0))

const fields = browserHeaders.flatMap(([name, value]) =>
  name === 'Host' ? [] : [[name.toLowerCase(), value] as const],
)
const nextRequest = tokenLines(plan.tokenFile, plan.startAt, (token) => {
  const pseudo = [[':method', 'GET'], [':scheme', 'https'], [':authority', 'bench.example.com'], [':path', plan.path]] // biome-ignore format: four pairs
  const block = headerBlock([...(pseudo as [string, string][]), ...fields, ['authorization', `Bearer ${token}`]])
  return frame(frameType.headers, endHeaders | endStream, 0, block)
})

let requests = 0
let notOk = 0
let errors = 0
let isOver = false
const live = new Set<Connection>()

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function open(): Promise<void> {
  return new Promise((resolve, reject) => {
    // The certificate is the benchmark's own.
    const trusting = { rejectUnauthorized: false, ecdhCurve: keyExchange }
    const asked = { servername: 'bench.example.com', ALPNProtocols: ['h2'], ...trusting }
    const socket = connect({ host: '127.0.0.1', port: plan.port, ...asked })
    const connection: Connection = {
      ...{ socket, open: new Set<number>(), nextStreamId: 1, isLeaving: false, held: undefined, unsaid: 0 },
    }
    socket.setNoDelay(true)
    // More than one may come; a connection that fails later is told by its end.
    socket.on('error', reject)
    socket.once('secureConnect', () => {
      if (socket.alpnProtocol !== 'h2') reject(new Error('the peer does not speak HTTP/2'))
      live.add(connection)
      socket.write(preface)
      resolve()
    })
    socket.on('data', (chunk) => {
      socket.cork()
      read(connection, chunk)
      fill(connection)
      socket.uncork()
    })
    socket.once('close', () => {
      live.delete(connection)
      if (isOver) return
      errors += connection.open.size
      open().catch(stop)
    })
  })
}

function stop(error: Error): never {
  throw error
}

/** Keeps as many requests in flight as there may be. */
function fill(connection: Connection): void {
  while (!isOver && !connection.isLeaving && connection.open.size < streamsEach) {
    const request = nextRequest()
    writeStreamId(request, connection.nextStreamId)
    connection.open.add(connection.nextStreamId)
    connection.nextStreamId += 2
    connection.isLeaving = connection.nextStreamId > streamIdMax
    // A prepared frame is written again only after every other token was: it has long left.
    connection.socket.write(request)
  }
  if (connection.isLeaving && connection.open.size === 0) connection.socket.end()
}

function read(connection: Connection, chunk: Buffer): void {
  const bytes = connection.held === undefined ? chunk : Buffer.concat([connection.held, chunk])
  let at = 0
  while (at + frameHeadBytes <= bytes.length) {
    const end = at + frameHeadBytes + bytes.readUIntBE(at, 3)
    if (end > bytes.length) break
    take(connection, bytes, at, end)
    at = end
  }
  connection.held = at < bytes.length ? bytes.subarray(at) : undefined
}

function take(connection: Connection, bytes: Buffer, at: number, end: number): void {
  const flags = bytes[at + 4] ?? 0
  const streamId = bytes.readUInt32BE(at + 5) & 0x7fff_ffff
  const payload = at + frameHeadBytes
  switch (bytes[at + 3]) {
    case frameType.headers: {
      if ((flags & endHeaders) === 0) throw new Error('a head in several frames')
      const from = payload + ((flags & padded) === 0 ? 0 : 1) + ((flags & priority) === 0 ? 0 : 5)
      // A second head on a stream would be a trailer; nobody here sends one.
      const status = statusOf(bytes.subarray(from, end))
      if (status === 0 || status >= 400) notOk++
      if ((flags & endStream) !== 0) answered(connection, streamId)
      return
    }
    case frameType.data:
      connection.unsaid += end - payload
      if (connection.unsaid > windowBytes / 2) {
        connection.socket.write(frame(frameType.windowUpdate, 0, 0, number32(connection.unsaid)))
        connection.unsaid = 0
      }
      if ((flags & endStream) !== 0) answered(connection, streamId)
      return
    case frameType.settings:
      if ((flags & acknowledged) === 0) connection.socket.write(settingsAcknowledged)
      return
    case frameType.ping:
      if ((flags & acknowledged) === 0) {
        connection.socket.write(frame(frameType.ping, acknowledged, 0, bytes.subarray(payload, end)))
      }
      return
    case frameType.rstStream:
      errors += connection.open.delete(streamId) ? 1 : 0
      return
    case frameType.goAway: {
      connection.isLeaving = true
      // Streams above the last one were not looked at: they are no errors, and are not counted.
      const last = bytes.readUInt32BE(payload) & 0x7fff_ffff
      for (const one of connection.open) if (one > last) connection.open.delete(one)
      return
    }
  }
}

function answered(connection: Connection, streamId: number): void {
  if (connection.open.delete(streamId)) requests++
}

for (let count = 0; count < connectionsWanted; count++) await open()
const begin = performance.now()
for (const connection of live) fill(connection)
await new Promise((resolve) => setTimeout(resolve, plan.seconds * 1000))
const load: Load = { requests, seconds: (performance.now() - begin) / 1000, notOk, errors, resumed: 0 }
isOver = true
process.stdout.write(`${JSON.stringify(load)}\n`, () => process.exit(0))
