import { createHash, randomBytes } from 'node:crypto'

/** One frame as RFC 6455 5.2 has it, unmasked. */
export interface Frame {
  readonly final: boolean
  readonly opcode: number
  readonly masked: boolean
  readonly payload: Buffer
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** A frame in bytes, masked as clients do it or not as servers do. */
export function frame(opcode: number, payload: Buffer | string, masked: boolean, final = true): Buffer {
  const content = Buffer.from(payload)
  const long = content.length > 0xffff ? 127 : content.length > 125 ? 126 : content.length
  const extended = Buffer.alloc(long === 127 ? 8 : long === 126 ? 2 : 0)
  if (long === 127) extended.writeBigUInt64BE(BigInt(content.length))
  if (long === 126) extended.writeUInt16BE(content.length)
  const head = Buffer.from([(final ? 0x80 : 0) | opcode, (masked ? 0x80 : 0) | long])
  if (!masked) return Buffer.concat([head, extended, content])
  const mask = randomBytes(4)
  return Buffer.concat([head, extended, mask, unmask(content, mask)])
}

/** Reads frames out of bytes that come in pieces. */
export function createFrameReader(): (chunk: Buffer) => readonly Frame[] {
  let held: Buffer = Buffer.alloc(0)
  return (chunk) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    const frames: Frame[] = []
    for (;;) {
      const read = readFrame(held)
      if (read === undefined) return frames
      frames.push(read.frame)
      held = held.subarray(read.bytes)
    }
  }
}

/** The accept value, worked out here once more: RFC 6455 1.3. */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

/** The code of a Close frame's payload. */
export function closeCode({ payload }: Frame): number {
  return payload.length < 2 ? 1005 : payload.readUInt16BE(0)
}

function readFrame(bytes: Buffer): { readonly frame: Frame; readonly bytes: number } | undefined {
  if (bytes.length < 2) return undefined
  const [first = 0, second = 0] = bytes
  const short = second & 0x7f
  const extended = short === 127 ? 8 : short === 126 ? 2 : 0
  const masked = (second & 0x80) !== 0
  const start = 2 + extended + (masked ? 4 : 0)
  if (bytes.length < start) return undefined
  const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short
  if (bytes.length < start + length) return undefined
  const content = bytes.subarray(start, start + length)
  const payload = masked ? unmask(content, bytes.subarray(start - 4, start)) : Buffer.from(content)
  return { frame: { final: (first & 0x80) !== 0, opcode: first & 0x0f, masked, payload }, bytes: start + length }
}

function unmask(content: Buffer, mask: Buffer): Buffer {
  const plain = Buffer.allocUnsafe(content.length)
  for (let at = 0; at < content.length; at++) plain[at] = (content[at] ?? 0) ^ (mask[at & 3] ?? 0)
  return plain
}
