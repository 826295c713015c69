import type { Result } from '../../domain/result.ts'
import { err, ok } from '../../domain/result.ts'

/** Longest frame in bytes, its four-byte length not counted. */
const frameBytesMax: number = 64 * 1024 * 1024

const lengthBytes = 4

/** One message as a frame: four bytes of length (big endian), then its JSON as UTF-8. Too long a message is a bug. */
export function encodeFrame(message: unknown): Buffer {
  const text = JSON.stringify(message)
  const bytes = Buffer.byteLength(text)
  if (bytes > frameBytesMax) throw new RangeError(`a frame of ${bytes} bytes is over the limit of ${frameBytesMax}`)
  const frame = Buffer.allocUnsafe(lengthBytes + bytes)
  frame.writeUInt32BE(bytes, 0)
  frame.write(text, lengthBytes)
  return frame
}

export type FrameFault = 'frame_too_long' | 'frame_malformed'

/** Takes bytes as they come and answers the messages they complete; after a fault the stream is beyond repair. */
export type FrameReader = (chunk: Buffer) => Result<readonly unknown[], FrameFault>

/** A reader that holds at most one unfinished frame of `bytesMax` bytes. Each byte is copied at most twice. */
export function createFrameReader(bytesMax: number = frameBytesMax): FrameReader {
  let held: Buffer[] = []
  let heldBytes = 0
  /** Bytes of the frame being read, its length included; until that is known, the length's own. */
  let wantedBytes = lengthBytes
  let inFrame = false

  return (chunk) => {
    held.push(chunk)
    heldBytes += chunk.length
    if (heldBytes < wantedBytes) return ok([])

    const bytes = held.length === 1 ? chunk : Buffer.concat(held, heldBytes)
    const messages: unknown[] = []
    let at = 0
    while (bytes.length - at >= wantedBytes) {
      if (!inFrame) {
        wantedBytes = lengthBytes + bytes.readUInt32BE(at)
        if (wantedBytes - lengthBytes > bytesMax) return err('frame_too_long')
        inFrame = true
        continue
      }
      const message = parseJson(bytes.toString('utf8', at + lengthBytes, at + wantedBytes))
      if (!message.ok) return message
      messages.push(message.value)
      at += wantedBytes
      wantedBytes = lengthBytes
      inFrame = false
    }
    held = at === bytes.length ? [] : [bytes.subarray(at)]
    heldBytes = bytes.length - at
    return ok(messages)
  }
}

function parseJson(text: string): Result<unknown, FrameFault> {
  try {
    return ok(JSON.parse(text))
  } catch {
    return err('frame_malformed')
  }
}
