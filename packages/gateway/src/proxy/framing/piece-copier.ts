import type { PieceMemory } from './piece-memory.ts'

/** Copies pieces of bodies out of a read buffer, for one connection. */
export class PieceCopier {
  private readonly memory: PieceMemory
  /** The last piece left at once: the next one's memory will likely be back too, and may be a block. */
  private recycles = true
  private isBlock = false

  constructor(memory: PieceMemory) {
    this.memory = memory
  }

  /** The content of one read, in memory of its own; `ranges` holds starts and ends. `settle` must follow. */
  copy(chunk: Buffer, ranges: readonly number[]): Buffer {
    let bytes = 0
    for (let i = 0; i < ranges.length; i += 2) bytes += (ranges[i + 1] ?? 0) - (ranges[i] ?? 0)
    this.isBlock = this.recycles
    const piece = this.isBlock ? this.memory.take(bytes) : Buffer.allocUnsafe(bytes)
    let at = 0
    for (let i = 0; i < ranges.length; i += 2) at += chunk.copy(piece, at, ranges[i], ranges[i + 1])
    return piece
  }

  /** What became of the last piece: nobody looks at one that has left any more. */
  settle(piece: Buffer, hasLeft: boolean): void {
    if (hasLeft && this.isBlock) this.memory.giveBack(piece)
    this.recycles = hasLeft
  }
}
