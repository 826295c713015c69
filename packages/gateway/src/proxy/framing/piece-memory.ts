const kib = 1024
/** A piece takes the smallest block it fits into: of what a slow caller makes us keep, half is used at least. */
const blockBytes: readonly number[] = [8 * kib, 16 * kib, 32 * kib, 64 * kib]
/** Smaller ones come out of Node's own pool. */
const pieceBytesMin = 4 * kib

/**
 * Memory for pieces of bodies, out of a read buffer that the next read overwrites. A piece that has left when its read is
 * over gives its block back, and the next piece gets it: one spare block of a size is enough, as a worker does one thing
 * at a time. Without that, a full garbage collection for each 64 MiB took a quarter of the time of large bodies.
 */
export class PieceMemory {
  private readonly spare: (Buffer | undefined)[] = blockBytes.map(() => undefined)

  /** Room for a piece, with anything in it. */
  take(bytes: number): Buffer {
    const size = bytes < pieceBytesMin ? -1 : blockBytes.findIndex((block) => bytes <= block)
    if (size === -1) return Buffer.allocUnsafe(bytes)
    const block = this.spare[size] ?? Buffer.allocUnsafeSlow(blockBytes[size] ?? bytes)
    this.spare[size] = undefined
    return block.subarray(0, bytes)
  }

  /** Takes back what `take` gave: nobody may look at it any more. */
  giveBack(piece: Buffer): void {
    if (piece.length < pieceBytesMin) return
    const size = blockBytes.indexOf(piece.buffer.byteLength)
    if (size !== -1) this.spare[size] = Buffer.from(piece.buffer)
  }
}
