/** What is no chunked coding. */
export type ChunkFault = 'chunk_size' | 'chunk_extension' | 'chunk_end'

/** Chunk extensions are dropped; together they may not outweigh what they decorate. */
const extensionBytesMax = 16 * 1024
/** 4 GiB. */
const sizeMax = 0x1_0000_0000

const size = 0
const extension = 1
const sizeLf = 2
const data = 3
const dataCr = 4
const dataLf = 5
const ended = 6
const faulted = 7

const cr = 0x0d
const lf = 0x0a
const semicolon = 0x3b

/** Takes the chunked coding off a body (RFC 9112 7.1), up to and including the line of the last chunk. */
export class ChunkedBody {
  fault: ChunkFault = 'chunk_size'
  private state = size
  private left = 0
  private sizeDigits = 0
  private extensionBytes = 0
  private readonly sizeDigitsMax: number

  /** `sizeDigitsMax`: hex digits of a size, leading zeros too; 16 at the most. */
  constructor(sizeDigitsMax: number) {
    this.sizeDigitsMax = sizeDigitsMax
  }

  reset(): void {
    this.state = size
    this.left = 0
    this.sizeDigits = 0
    this.extensionBytes = 0
  }

  get ended(): boolean {
    return this.state === ended
  }

  get faulted(): boolean {
    return this.state === faulted
  }

  /** Reads from `from`, notes start and end of each piece of content in `ranges`, returns where it stopped. */
  push(chunk: Buffer, from: number, ranges: number[]): number {
    let at = from
    while (at < chunk.length && this.state < ended) {
      if (this.state === data) {
        const taken = Math.min(this.left, chunk.length - at)
        ranges.push(at, at + taken)
        at += taken
        this.left -= taken
        if (this.left === 0) this.state = dataCr
      } else {
        this.step(chunk[at++] ?? 0)
      }
    }
    return at
  }

  private step(byte: number): void {
    switch (this.state) {
      case size:
        this.sizeByte(byte)
        break
      case extension:
        if (byte === cr) this.state = sizeLf
        else if (++this.extensionBytes > extensionBytesMax || isControl(byte)) this.fail('chunk_extension')
        break
      case sizeLf:
        if (byte !== lf) this.fail('chunk_size')
        else this.state = this.left === 0 ? ended : data
        break
      case dataCr:
        if (byte === cr) this.state = dataLf
        else this.fail('chunk_end')
        break
      case dataLf:
        if (byte !== lf) this.fail('chunk_end')
        else {
          this.state = size
          this.sizeDigits = 0
        }
        break
    }
  }

  private sizeByte(byte: number): void {
    const digit = hexDigit(byte)
    if (digit !== -1 && this.sizeDigits < this.sizeDigitsMax) {
      this.left = this.left * 16 + digit
      this.sizeDigits++
      if (this.left > sizeMax) this.fail('chunk_size')
    } else if (this.sizeDigits > 0 && byte === cr) this.state = sizeLf
    else if (this.sizeDigits > 0 && byte === semicolon) this.state = extension
    else this.fail('chunk_size')
  }

  private fail(fault: ChunkFault): void {
    this.fault = fault
    this.state = faulted
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

function isControl(byte: number): boolean {
  return (byte < 0x20 && byte !== 0x09) || byte === 0x7f
}
