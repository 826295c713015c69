import { BlockReader } from './block-reader.ts'
import { ChunkedBody, type ChunkFault } from './chunked-body.ts'
import { scanFields } from './scan-fields.ts'

/** What is no body of the framing its head announced. */
export type BodyFault = ChunkFault | 'trailer'

/** How a body ends: after so many bytes, with its last chunk, or with its connection. */
export type BodyFraming = number | 'chunked' | 'untilClose'

export interface BodyBounds {
  /** Of a trailer section, with its empty line. */
  readonly trailerBytesMax: number
  readonly fieldsMax: number
  /** Of a chunk's size. */
  readonly sizeDigitsMax: number
}

const sized = 0
const untilClose = 1
const chunked = 2
const trailer = 3
const ended = 4
const faulted = 5

const cr = 0x0d
const lf = 0x0a
const noTrailers: readonly string[] = []

/**
 * Reads the body of an HTTP/1 message (RFC 9112 6 and 7), of a request or an answer. Each `push` reads one piece; what
 * of it is content is then found in `ranges`, as positions in that piece: nothing is copied.
 */
export class MessageBody {
  /** Starts and ends, in the last pushed piece, of content. */
  readonly ranges: number[] = []
  /** Trailer fields, unfiltered: whoever passes them on filters them as headers (S12). */
  trailers: readonly string[] = noTrailers
  fault: BodyFault = 'trailer'
  private readonly chunks: ChunkedBody
  private readonly block: BlockReader
  private readonly fieldsMax: number
  private state = ended
  private left = 0
  private readSteps = 0

  constructor({ trailerBytesMax, fieldsMax, sizeDigitsMax }: BodyBounds) {
    this.chunks = new ChunkedBody(sizeDigitsMax)
    this.block = new BlockReader(trailerBytesMax)
    this.fieldsMax = fieldsMax
  }

  get ended(): boolean {
    return this.state === ended
  }

  get faulted(): boolean {
    return this.state === faulted
  }

  get endsByClose(): boolean {
    return this.state === untilClose
  }

  /** Bytes looked at, for the proof that work is linear. */
  get steps(): number {
    return this.readSteps + this.block.steps
  }

  begin(framing: BodyFraming): void {
    this.forgetRanges()
    this.trailers = noTrailers
    if (framing === 'chunked') {
      this.chunks.reset()
      this.block.reset()
      this.state = chunked
    } else if (framing === 'untilClose') {
      this.state = untilClose
    } else {
      this.left = framing
      this.state = framing === 0 ? ended : sized
    }
  }

  /** Reads from `from`; returns the position after what belongs to the body. */
  push(chunk: Buffer, from: number): number {
    this.forgetRanges()
    let at = from
    while (at < chunk.length && this.state < ended) at = this.take(chunk, at)
    if (this.state === faulted) this.forgetRanges()
    return at
  }

  /** Setting the length of a list is a call into the engine, even when nothing changes. */
  forgetRanges(): void {
    if (this.ranges.length > 0) this.ranges.length = 0
  }

  private take(chunk: Buffer, at: number): number {
    switch (this.state) {
      case sized: {
        const end = Math.min(chunk.length, at + this.left)
        this.ranges.push(at, end)
        this.left -= end - at
        this.readSteps++
        if (this.left === 0) this.state = ended
        return end
      }
      case untilClose:
        this.ranges.push(at, chunk.length)
        this.readSteps++
        return chunk.length
      case chunked: {
        const end = this.chunks.push(chunk, at, this.ranges)
        this.readSteps += end - at
        if (this.chunks.ended) this.state = trailer
        else if (this.chunks.faulted) this.fail(this.chunks.fault)
        return end
      }
      default:
        return this.takeTrailers(chunk, at)
    }
  }

  /** An empty line at once is the usual case; a section with fields is read like a head. */
  private takeTrailers(chunk: Buffer, at: number): number {
    const { block } = this
    if (block.heldBytes === 0 && chunk[at] === cr && chunk[at + 1] === lf) {
      this.state = ended
      return at + 2
    }
    if (block.heldBytes === 1 && block.start[0] === cr) {
      if (chunk[at] === lf) this.state = ended
      else this.fail('trailer')
      return at + 1
    }
    // A CR at the end of a read is kept alone, so that the next byte decides between the empty line and a fault.
    const isLoneCr = block.heldBytes === 0 && chunk[at] === cr
    const end = isLoneCr ? block.hold(chunk.subarray(0, at + 1), at) : block.take(chunk, at)
    if (block.fault !== undefined) this.fail('trailer')
    else if (block.text !== '') this.endTrailers(block.text)
    return end
  }

  private endTrailers(text: string): void {
    const fields: string[] = []
    if (scanFields(text, 0, fields, this.fieldsMax) !== undefined) {
      this.fail('trailer')
      return
    }
    this.trailers = fields
    this.state = ended
  }

  private fail(fault: BodyFault): void {
    this.fault = fault
    this.state = faulted
  }
}
