/**
 * Knows where one direction of a WebSocket stands between its frames (RFC 6455 5.2), without looking at payloads: a
 * frame of our own may only go out between two of theirs. Its work is a few bytes a frame, however large the frame.
 */
export class FrameTracker {
  /** A Close frame went by: nothing may follow it (RFC 6455 5.5.1). */
  isClosed = false
  private headBytes = 0
  private headLength = 2
  private lengthEnd = 2
  private opcode = 0
  private length = 0
  /** Of the current frame's payload. */
  private left = 0

  /** Nothing of a frame is under way. */
  get isBetweenFrames(): boolean {
    return this.headBytes === 0 && this.left === 0
  }

  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.left === 0) this.headByte(chunk[at++] ?? 0)
      else {
        const taken = Math.min(this.left, chunk.length - at)
        this.left -= taken
        at += taken
      }
    }
  }

  private headByte(byte: number): void {
    const position = this.headBytes++
    if (position === 0) this.opcode = byte & 0x0f
    else if (position === 1) this.lengths(byte)
    else if (position < this.lengthEnd) this.length = this.length * 256 + byte
    if (this.headBytes < this.headLength) return
    this.headBytes = 0
    this.headLength = 2
    this.left = this.length
    if (this.opcode === closeOpcode) this.isClosed = true
  }

  private lengths(byte: number): void {
    const short = byte & 0x7f
    this.lengthEnd = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0)
    this.headLength = this.lengthEnd + ((byte & 0x80) === 0 ? 0 : 4)
    this.length = short < 126 ? short : 0
  }
}

const closeOpcode = 8
