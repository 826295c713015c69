import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { createFrameReader, encodeFrame, type FrameReader } from '../../src/app/channel/frames.ts'
import { damagedBytes } from './damage.ts'
import { runFuzz } from './run-fuzz.ts'

// However a stream is cut into pieces, it is the same messages and the same fault; what was sent whole arrives.

const bytesMax = 4096
const message = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('', null, 0, 'x'.repeat(300)))
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 })

function readAll(reader: FrameReader, pieces: readonly Buffer[]): { messages: unknown[]; fault: string | undefined } {
  const messages: unknown[] = []
  for (const piece of pieces) {
    const read = reader(piece)
    if (!read.ok) return { messages, fault: read.error }
    messages.push(...read.value)
  }
  return { messages, fault: undefined }
}

/** The whole stream read at once, by a loop without any memory. */
function readSlowly(stream: Buffer): { messages: unknown[]; fault: string | undefined } {
  const messages: unknown[] = []
  for (let at = 0; at + 4 <= stream.length; ) {
    const length = stream.readUInt32BE(at)
    if (length > bytesMax) return { messages, fault: 'frame_too_long' }
    if (at + 4 + length > stream.length) break
    try {
      messages.push(JSON.parse(stream.toString('utf8', at + 4, at + 4 + length)))
    } catch {
      return { messages, fault: 'frame_malformed' }
    }
    at += 4 + length
  }
  return { messages, fault: undefined }
}

function cut(stream: Buffer, lengths: readonly number[]): readonly Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1
    pieces.push(stream.subarray(at, at + length))
    at += length
  }
  return pieces
}

const stream = fc.array(message, { maxLength: 4 }).map((messages) => Buffer.concat(messages.map(encodeFrame)))

await runFuzz(
  'frames',
  fc.property(fc.array(message, { maxLength: 4 }), damagedBytes(stream), sizes, (messages, damaged, lengths) => {
    const whole = cut(Buffer.concat(messages.map(encodeFrame)), lengths)
    const sent = messages.map((one): unknown => JSON.parse(JSON.stringify(one)))
    deepStrictEqual(readAll(createFrameReader(bytesMax), whole), { messages: sent, fault: undefined })
    const expected = readSlowly(damaged)
    const read = readAll(createFrameReader(bytesMax), cut(damaged, lengths))
    deepStrictEqual(read.fault, expected.fault)
    // Of the piece that brings the fault nothing is answered: what came before it is.
    deepStrictEqual(read.messages, expected.messages.slice(0, read.messages.length))
    if (read.fault === undefined) deepStrictEqual(read.messages, expected.messages)
  }),
)
