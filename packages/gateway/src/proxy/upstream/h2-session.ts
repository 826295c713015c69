import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import type { Socket } from 'node:net'
import { toH2Request } from './h2-head.ts'
import { H2Stream, type StreamSession } from './h2-stream.ts'
import { headersMax } from './response-head.ts'
import { blockBytesMax } from './response-parser.ts'

/** Where sessions live. */
export interface H2Home {
  readonly nowMs: () => number
  readonly idleTimeoutMs: () => number
  /** The server's settings have come: requests may go. */
  ready(session: H2Session): void
  /** There may be room for one more request. */
  freed(session: H2Session): void
  /** The session is gone for good; called once. */
  lost(session: H2Session): void
}

/** What one slow reader of an answer can make us hold. */
const streamWindowBytes = 256 * 1024
const sessionWindowBytes = 4 * 1024 * 1024
const sessionMemoryMiB = 64
/** A session with requests in flight that is silent for so long is asked whether it is still there. */
const pingAfterMs = 15_000
const pingTimeoutMs = 10_000
/** Client stream ids end at 2^31; nobody waits for that (RFC 9113 5.1.1). */
const usesMax = 2 ** 29

/** One HTTP/2 connection to a target and the requests on it. */
export class H2Session implements StreamSession {
  uses = 0
  fault = 'closed'
  private readonly session: ClientHttp2Session
  private readonly home: H2Home
  private readonly scheme: 'http' | 'https'
  private readonly streams = new Set<H2Stream>()
  private isReady = false
  /** Begins no more requests. */
  private isGoing = false
  private isClosing = false
  private lastId = Number.POSITIVE_INFINITY
  private idleSinceMs: number
  private heardMs: number
  private pingedMs: number | undefined

  constructor(socket: Socket, scheme: 'http' | 'https', home: H2Home) {
    this.home = home
    this.scheme = scheme
    this.idleSinceMs = home.nowMs()
    this.heardMs = this.idleSinceMs
    // The name is never used: every request says its own authority and scheme.
    const session = connect('http://upstream', {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: streamWindowBytes, maxHeaderListSize: blockBytesMax },
      maxHeaderListPairs: headersMax,
      maxSessionMemory: sessionMemoryMiB,
      maxOutstandingPings: 1,
    })
    this.session = session
    session.setLocalWindowSize(sessionWindowBytes)
    session.on('remoteSettings', () => {
      const isFirst = !this.isReady
      this.isReady = true
      if (isFirst) home.ready(this)
      else home.freed(this)
    })
    session.on('goaway', (code, lastId) => this.goaway(code, lastId))
    session.on('error', (error: NodeJS.ErrnoException) => {
      this.fault = error.code ?? 'failed'
    })
    session.on('close', () => this.gone())
  }

  get active(): number {
    return this.streams.size
  }

  /** Whether it takes one more request: the peer's settings bound how many (RFC 9113 5.1.2). */
  get hasRoom(): boolean {
    if (!this.isReady || this.isGoing || this.isGone || this.session.closed) return false
    return this.streams.size < (this.session.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY)
  }

  get isGone(): boolean {
    return this.session.destroyed
  }

  /** Takes a place. */
  open(): H2Stream {
    const stream = new H2Stream(this)
    this.streams.add(stream)
    return stream
  }

  begin(head: string, endStream: boolean, waitForTrailers: boolean): ClientHttp2Stream | undefined {
    this.uses++
    if (this.uses >= usesMax) this.isGoing = true
    if (this.isGone || this.session.closed) return undefined
    try {
      return this.session.request(toH2Request(head, this.scheme), { endStream, waitForTrailers })
    } catch {
      // Between the look and the call there is nothing to wait for, but ids may have run out.
      this.isGoing = true
      return undefined
    }
  }

  release(stream: H2Stream): void {
    if (!this.streams.delete(stream)) return
    if (this.streams.size === 0) this.idleSinceMs = this.home.nowMs()
    this.home.freed(this)
  }

  heard(): number {
    this.heardMs = this.home.nowMs()
    return this.heardMs
  }

  hasNotSeen(id: number | undefined, resetCode: number): boolean {
    return resetCode === constants.NGHTTP2_REFUSED_STREAM || (id !== undefined && id > this.lastId)
  }

  /** Takes no more requests; those in flight finish. */
  drain(): void {
    this.isGoing = true
    if (this.isClosing) return
    this.isClosing = true
    // Within an event of the session Node 20 may free what it still reads.
    setImmediate(close, this.session)
  }

  /** Ends at once; requests in flight are told. */
  shut(fault: string): void {
    this.fault = fault
    this.isGoing = true
    for (const stream of [...this.streams]) stream.fail('closed', fault)
    this.session.destroy()
  }

  sweep(nowMs: number): void {
    for (const stream of this.streams) if (stream.deadlineMs <= nowMs) stream.expire()
    if (this.streams.size === 0) {
      if (nowMs - this.idleSinceMs >= this.home.idleTimeoutMs()) this.drain()
      return
    }
    if (this.pingedMs !== undefined) {
      if (nowMs - this.pingedMs >= pingTimeoutMs) this.shut('ping_timeout')
    } else if (nowMs - this.heardMs >= pingAfterMs) {
      this.pingedMs = nowMs
      this.session.ping((error) => {
        this.pingedMs = undefined
        if (error === null) this.heard()
      })
    }
  }

  private goaway(code: number, lastId: number): void {
    this.lastId = lastId
    this.isGoing = true
    if (code !== constants.NGHTTP2_NO_ERROR) this.fault = 'goaway'
  }

  private gone(): void {
    // Streams are told by Node first; what never began on one is told here.
    for (const stream of [...this.streams]) stream.fail('closed', this.fault)
    this.home.lost(this)
  }
}

function close(session: ClientHttp2Session): void {
  if (!session.closed) session.close()
}
