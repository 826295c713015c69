const blockEnd = Buffer.from('\r\n\r\n', 'latin1')
const cr = 0x0d
const lf = 0x0a
const nothing: Buffer = Buffer.alloc(0)

/** Why no block came of the bytes. */
export type BlockFault = 'too_large' | 'bare_lf'

/**
 * Collects bytes up to and including the first empty line: a head, or a trailer section with fields. A block that comes
 * in one piece is not copied. Lines that end with LF alone are found at once, so that nobody waits for their CR.
 */
export class BlockReader {
  /** The block, latin1, from the `take` that found its end to the next one; empty: not whole yet. */
  text = ''
  fault: BlockFault | undefined
  /** Bytes looked at, for the proof that work is linear. */
  steps = 0
  /** Of a block that is not whole yet. */
  heldBytes = 0
  private held: Buffer = nothing
  private readonly bytesMax: number

  /** `bytesMax` counts the empty line too. */
  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  reset(): void {
    this.text = ''
    this.fault = undefined
    this.heldBytes = 0
    this.held = nothing
  }

  /** Reads from `at`; returns the position after what belongs to the block. */
  take(chunk: Buffer, at: number): number {
    this.text = ''
    if (this.heldBytes === 0) {
      const found = chunk.indexOf(blockEnd, at)
      if (found !== -1) {
        const end = found + 4
        this.steps += end - at
        if (end - at > this.bytesMax) this.fault = 'too_large'
        else this.text = chunk.toString('latin1', at, end)
        return end
      }
    }
    return this.hold(chunk, at)
  }

  /** What is held, for a look at how it begins. */
  get start(): Buffer {
    return this.held.subarray(0, this.heldBytes)
  }

  /** Keeps what came; the block may end in it. */
  hold(chunk: Buffer, at: number): number {
    const before = this.heldBytes
    const taken = Math.min(chunk.length - at, this.bytesMax - before)
    this.reserve(before + taken)
    chunk.copy(this.held, before, at, at + taken)
    const after = before + taken
    this.steps += taken
    const found = this.held.subarray(0, after).indexOf(blockEnd, Math.max(0, before - 3))
    if (found !== -1) {
      const end = found + 4
      this.text = this.held.toString('latin1', 0, end)
      this.heldBytes = 0
      this.held = nothing
      return at + end - before
    }
    this.heldBytes = after
    if (after === this.bytesMax) this.fault = 'too_large'
    else if (this.hasBareLf(before, after)) this.fault = 'bare_lf'
    return at + taken
  }

  private reserve(bytes: number): void {
    if (this.held.length >= bytes) return
    const grown = Buffer.allocUnsafeSlow(Math.min(this.bytesMax, Math.max(1024, bytes, this.held.length * 2)))
    this.held.copy(grown, 0, 0, this.heldBytes)
    this.held = grown
  }

  private hasBareLf(from: number, to: number): boolean {
    for (let at = from; at < to; at++) {
      if (this.held[at] === lf && (at === 0 || this.held[at - 1] !== cr)) return true
    }
    return false
  }
}
