import { connect, type Socket } from 'node:net'

/** HTTP/2 frames byte by byte, well-formed or not: what no client library would send. */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const
export const endStream = 0x1
export const endHeaders = 0x4
export const ack = 0x1
export const errorCode = {
  none: 0,
  protocol: 1,
  flowControl: 3,
  streamClosed: 5,
  refused: 7,
  cancel: 8,
  compression: 9,
  calm: 11,
} as const

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const empty = Buffer.alloc(0)

export function frame(type: number, flags: number, stream: number, payload: Buffer = empty): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Fields as literals without indexing and without Huffman (RFC 7541 6.2.2), latin1. */
export function block(fields: readonly string[]): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    parts.push(Buffer.from([0]), text(fields[at] ?? ''), text(fields[at + 1] ?? ''))
  }
  return Buffer.concat(parts)
}

/** One field as literal with incremental indexing: it stays in the table. */
export function indexedLiteral(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0x40]), text(name), text(value)])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  const length: number[] = []
  if (bytes.length < 127) length.push(bytes.length)
  else {
    length.push(127)
    let rest = bytes.length - 127
    for (; rest >= 128; rest = rest >> 7) length.push((rest & 127) | 128)
    length.push(rest)
  }
  return Buffer.concat([Buffer.from(length), bytes])
}

export function headers(stream: number, fields: readonly string[], flags: number = endHeaders | endStream): Buffer {
  return frame(frameType.headers, flags, stream, block(fields))
}

export function rstStream(stream: number, code: number): Buffer {
  return frame(frameType.rstStream, 0, stream, uint32(code))
}

export function windowUpdate(stream: number, increment: number): Buffer {
  return frame(frameType.windowUpdate, 0, stream, uint32(increment))
}

export function settings(entries: readonly (readonly [id: number, value: number])[] = []): Buffer {
  const payload = Buffer.alloc(6 * entries.length)
  for (const [at, [id, value]] of entries.entries()) {
    payload.writeUInt16BE(id, 6 * at)
    payload.writeUInt32BE(value, 6 * at + 2)
  }
  return frame(frameType.settings, 0, 0, payload)
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** A caller that writes whatever it is told and reads frames. */
export interface FrameCaller {
  readonly socket: Socket
  readonly frames: Frame[]
  readonly closed: Promise<void>
  readonly write: (...frames: readonly Buffer[]) => void
  /** The first frame for which it holds, come or to come; undefined: the connection ended without. */
  readonly waitFor: (wanted: (frame: Frame) => boolean) => Promise<Frame | undefined>
  /** What became of a stream: its status, or the code of its reset; a GOAWAY's code when the session ended first. */
  readonly outcome: (stream: number) => Promise<string>
  /** The code of the GOAWAY with an error, or `end` when the connection ended without one. */
  readonly ending: () => Promise<number | 'end'>
}

const dialPlain = (port: number): Socket => connect({ port, host: '127.0.0.1', noDelay: true })

/** Connects, sends preface and settings, and acknowledges the server's (unless `acknowledges` is false). */
export async function callWithFrames(
  port: number,
  acknowledges = true,
  own: Buffer = settings(),
  dial: (port: number) => Socket = dialPlain,
): Promise<FrameCaller> {
  const socket = dial(port)
  const frames: Frame[] = []
  const waiting = new Set<() => void>()
  let isClosed = false
  let rest: Buffer = empty
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      isClosed = true
      for (const look of waiting) look()
      resolve()
    })
  })
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const length = rest.readUIntBE(0, 3)
      const [type = 0, flags = 0] = [rest[3], rest[4]]
      frames.push({ type, flags, stream: rest.readUInt32BE(5), payload: rest.subarray(9, 9 + length) })
      rest = rest.subarray(9 + length)
      if (type === frameType.settings && flags === 0 && acknowledges) socket.write(frame(frameType.settings, ack, 0))
    }
    for (const look of waiting) look()
  })
  socket.write(Buffer.concat([preface, own]))
  const waitFor: FrameCaller['waitFor'] = (wanted) =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = frames.find(wanted)
        if (found === undefined && !isClosed) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  const isFatal = ({ type, payload }: Frame): boolean => type === frameType.goaway && payload.readUInt32BE(4) !== 0
  await new Promise((resolve) => socket.once('connect', resolve))
  return {
    socket,
    frames,
    closed,
    write: (...sent) => void (socket.writable && socket.write(Buffer.concat(sent))),
    waitFor,
    outcome: async (stream) => {
      const found = await waitFor(
        (one) => (one.stream === stream && (one.type === 1 || one.type === 3) && !isInterim(one)) || isFatal(one),
      )
      if (found === undefined) return 'end'
      if (found.type === frameType.headers) return String(statusOf(found.payload))
      return `${found.type === frameType.goaway ? 'goaway' : 'reset'} ${found.payload.readUInt32BE(found.type === 3 ? 0 : 4)}`
    },
    ending: async () => (await waitFor(isFatal))?.payload.readUInt32BE(4) ?? 'end',
  }
}

function isInterim({ type, payload }: Frame): boolean {
  return type === frameType.headers && (statusOf(payload) ?? 200) < 200
}

const indexedStatus: { readonly [byte: number]: number } = {
  136: 200,
  137: 204,
  138: 206,
  139: 304,
  140: 400,
  141: 404,
  142: 500,
}

/** The status of a header block, which is its first field (RFC 9113 8.3); undefined: it has none. */
export function statusOf(payload: Buffer): number | undefined {
  let at = 0
  // A change of the table's size may come first (RFC 7541 6.3).
  while (((payload[at] ?? 0) & 0xe0) === 0x20) at += 1
  const first = payload[at] ?? 0
  const indexed = indexedStatus[first]
  if (indexed !== undefined) return indexed
  if (![0x08, 0x18, 0x48].includes(first & 0xf8)) return undefined
  const length = (payload[at + 1] ?? 0) & 0x7f
  const value = payload.subarray(at + 2, at + 2 + length)
  return Number((payload[at + 1] ?? 0) & 0x80 ? digits(value) : value.toString('latin1'))
}

/** Huffman codes of the digits (RFC 7541 B): 0, 1 and 2 in five bits, the others in six. */
function digits(value: Buffer): string {
  let bits = [...value].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  let found = ''
  while (bits.length >= 5 && found.length < 3) {
    const five = Number.parseInt(bits.slice(0, 5), 2)
    const wide = five > 2
    found += wide ? Number.parseInt(bits.slice(0, 6), 2) - 0x16 : five
    bits = bits.slice(wide ? 6 : 5)
  }
  return found
}
