import type { CutCause, EndCause } from '../../domain/end-cause.ts'
import type { TunnelEnd, TunnelUser } from '../exchange.ts'
import { type CloseCode, closeFrame } from './close-frame.ts'
import { FrameTracker } from './frame-tracker.ts'

/** How a tunnel ended: by whom, and the bytes that went through it. */
export interface TunnelOutcome {
  readonly ended: EndCause
  readonly bytesIn: number
  readonly bytesOut: number
}

export interface TunnelPorts {
  /** No byte either way for so long ends it. */
  readonly idleTimeoutMs: number
  readonly nowMs: () => number
  /** Four bytes nobody can guess (RFC 6455 5.3). */
  readonly newMask: () => Buffer
  /** Called once, when both ends are closed. */
  readonly done: (outcome: TunnelOutcome) => void
}

/** What both ends may take to close when the gateway ends the tunnel. */
const closingMs = 1_000
/** The same when they ended it themselves: what was sent last may still be on its way to a slow reader. */
const lastBytesMs = 10_000

/**
 * A WebSocket that was let through: bytes both ways, as they come. A side that reads slowly stops the other; the end of
 * one direction is passed on and leaves the other open. When the gateway ends it, each side gets a Close frame if it
 * stands between two frames; in the middle of one it is only cut off, for a frame cannot be cut short.
 */
export class Tunnel {
  readonly caller: TunnelSide
  readonly upstream: TunnelSide
  private readonly ports: TunnelPorts
  private ended: EndCause | undefined
  private isCut = false
  private isOver = false
  private isActive = true
  private idleSinceMs = 0
  private destroyAtMs: number = Number.POSITIVE_INFINITY

  constructor(ports: TunnelPorts) {
    this.ports = ports
    this.caller = new TunnelSide(this, 'caller')
    this.upstream = new TunnelSide(this, 'upstream')
    this.caller.peer = this.upstream
    this.upstream.peer = this.caller
  }

  /** Keeps the time limits; called by the one coarse clock. */
  sweep(nowMs: number): void {
    if (nowMs >= this.destroyAtMs) this.destroy()
    else if (this.isActive) {
      this.isActive = false
      this.idleSinceMs = nowMs
    } else if (nowMs - this.idleSinceMs >= this.ports.idleTimeoutMs) this.close('idle', 1001)
  }

  cut(cause: CutCause): void {
    this.close(cause, cause === 'drain' ? 1001 : 1008)
  }

  /** Ends it with a Close frame; nothing of theirs is passed on from here. */
  close(cause: EndCause, code: CloseCode): void {
    if (this.isCut || this.isOver) return
    this.isCut = true
    this.ended ??= cause
    this.destroyAtMs = this.ports.nowMs() + closingMs
    this.caller.sayClose(closeFrame(code))
    this.upstream.sayClose(closeFrame(code, this.ports.newMask()))
  }

  // --- what the sides say

  /** Whether bytes are still passed on. */
  passes(): boolean {
    this.isActive = true
    return !this.isCut
  }

  /** A server closes the connection first, whoever said Close (RFC 6455 7.1.1). */
  sideClosed(side: TunnelSide): void {
    this.ended ??= side.name
  }

  sideEnded(side: TunnelSide): void {
    this.ended ??= side.name
    if (side.peer?.hasEnded === true) this.awaitClose()
  }

  sideGone(side: TunnelSide): void {
    this.ended ??= side.name
    if (this.caller.isGone && this.upstream.isGone) this.finish()
    // What the other side sent last has arrived only when this one took it to its end.
    else if (!this.caller.hasEnded || !this.upstream.hasEnded) this.destroy()
    else this.awaitClose()
  }

  private awaitClose(): void {
    if (this.destroyAtMs === Number.POSITIVE_INFINITY) this.destroyAtMs = this.ports.nowMs() + lastBytesMs
  }

  private destroy(): void {
    this.caller.destroy()
    this.upstream.destroy()
    this.finish()
  }

  private finish(): void {
    if (this.isOver) return
    this.isOver = true
    this.ports.done({
      ended: this.ended ?? 'caller',
      bytesIn: this.caller.bytes,
      bytesOut: this.upstream.bytes,
    })
  }
}

/** One side of a tunnel: takes what its end received to the other end. */
export class TunnelSide implements TunnelUser {
  readonly name: 'caller' | 'upstream'
  peer: TunnelSide | undefined
  hasEnded = false
  isGone = false
  /** Received from this side and passed on. */
  bytes = 0
  private readonly tunnel: Tunnel
  private readonly frames = new FrameTracker()
  private end: TunnelEnd | undefined

  constructor(tunnel: Tunnel, name: 'caller' | 'upstream') {
    this.tunnel = tunnel
    this.name = name
  }

  /** The end this side reads from and the other side writes to. */
  attach(end: TunnelEnd): void {
    this.end = end
  }

  data(chunk: Buffer): void {
    // A destroyed socket may still hand out what it had read, and its peer's end is closed.
    if (this.isGone || !this.tunnel.passes()) return
    this.bytes += chunk.length
    this.frames.push(chunk)
    if (this.frames.isClosed) this.tunnel.sideClosed(this)
    if (this.peer?.end?.write(chunk) === false) this.end?.pause()
  }

  drained(): void {
    this.peer?.end?.resume()
  }

  ended(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.peer?.end?.end()
    this.tunnel.sideEnded(this)
  }

  gone(): void {
    if (this.isGone) return
    this.isGone = true
    this.tunnel.sideGone(this)
  }

  /** What the peer sent towards this side decides whether a frame of ours fits in. */
  sayClose(frame: Buffer): void {
    const { end, peer } = this
    if (end === undefined || this.isGone) return
    const frames = peer?.frames
    if (peer?.hasEnded === false && frames?.isBetweenFrames === true && !frames.isClosed) end.write(frame)
    end.end()
    // So that its closing is noticed.
    end.resume()
  }

  destroy(): void {
    if (this.isGone) return
    this.isGone = true
    this.end?.destroy()
  }
}
