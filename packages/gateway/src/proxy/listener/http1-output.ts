import type { Socket } from 'node:net'
import { joinPieces } from '../framing/join-pieces.ts'

/** Pieces up to this size together are joined, which costs less than another write. */
const joinedBytesMax = 16 * 1024

/** What goes out on a caller's connection. Nothing is written to one that is gone: its `close` tells the rest. */
export class Http1Output {
  private readonly socket: Socket

  constructor(socket: Socket) {
    this.socket = socket
  }

  /** Bytes the caller has not taken yet. */
  get waitingBytes(): number {
    return this.socket.writableLength
  }

  /** Bytes it has taken: what the time limits look at. */
  get takenBytes(): number {
    return this.socket.bytesWritten - this.socket.writableLength
  }

  /** Text is latin1. False: the caller reads slowly. */
  write(bytes: string | Buffer): boolean {
    if (!this.socket.writable) return true
    return typeof bytes === 'string' ? this.socket.write(bytes, 'latin1') : this.socket.write(bytes)
  }

  /** Small pieces in one write. */
  writeAll(pieces: readonly (string | Buffer)[]): boolean {
    if (!this.socket.writable) return true
    let bytes = 0
    for (const piece of pieces) bytes += piece.length
    if (bytes <= joinedBytesMax) return this.socket.write(joinPieces(pieces, bytes))
    this.socket.cork()
    let drained = true
    for (const piece of pieces) drained = this.write(piece)
    this.socket.uncork()
    return drained
  }
}
