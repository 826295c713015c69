import type { ByteSink, CallerBody, Exchange } from '../../src/proxy/exchange.ts'

/** A caller in memory: what it sends is scripted, what it gets is recorded. */
export interface FakeExchange {
  readonly exchange: Exchange
  readonly got: {
    status: number | undefined
    rawHeaders: readonly string[]
    bodyBytes: number | undefined
    body: Buffer[]
    bytes: number
    ended: boolean
    aborted: boolean
    trailers: readonly string[] | undefined
  }
  readonly body: { sink: ByteSink | undefined; paused: boolean }
  /** What `Reply.data` answers from now on. */
  slow: boolean
  /** Bodies larger than memory should hold are only counted. */
  countOnly: boolean
  readonly drain: () => void
  readonly leave: () => void
}

export interface FakeRequest {
  readonly method?: string
  readonly kind?: CallerBody['kind']
  readonly bytes?: number
  /** Called when the body is wanted; otherwise nothing is sent until the test uses `body.sink`. */
  readonly onStart?: (sink: ByteSink) => void
}

export function fakeExchange(request: FakeRequest = {}): FakeExchange {
  let drained: () => void = () => undefined
  let gone: () => void = () => undefined
  const got: FakeExchange['got'] = {
    status: undefined,
    rawHeaders: [],
    bodyBytes: undefined,
    body: [],
    bytes: 0,
    ended: false,
    aborted: false,
    trailers: undefined,
  }
  const body: FakeExchange['body'] = { sink: undefined, paused: false }
  const fake: FakeExchange = {
    got,
    body,
    slow: false,
    countOnly: false,
    drain: () => drained(),
    leave: () => gone(),
    exchange: {
      method: request.method ?? 'GET',
      target: '/',
      rawHeaders: [],
      httpVersion: '1.1',
      peer: '127.0.0.1',
      scheme: 'http',
      listener: 0,
      tls: undefined,
      receivedMs: 0,
      body: {
        kind: request.kind ?? 'none',
        bytes: request.bytes ?? 0,
        start: (sink) => {
          body.sink = sink
          request.onStart?.(sink)
        },
        pause: () => {
          body.paused = true
        },
        resume: () => {
          body.paused = false
        },
      },
      reply: {
        // They are looked at in the end.
        holdsPieces: true,
        head: (status, rawHeaders, bodyBytes) => {
          if (got.status !== undefined) throw new Error('two heads for one request')
          got.status = status
          got.rawHeaders = rawHeaders
          got.bodyBytes = bodyBytes
        },
        data: (chunk) => {
          if (got.ended || got.aborted) throw new Error('bytes after the end')
          got.bytes += chunk.length
          if (!fake.countOnly) got.body.push(chunk)
          return !fake.slow
        },
        end: (trailers) => {
          if (got.ended || got.aborted) throw new Error('two ends for one answer')
          got.ended = true
          got.trailers = trailers
        },
        send: () => {
          throw new Error('the forwarder writes no answers of its own')
        },
        abort: () => {
          got.aborted = true
        },
        onDrain: (listener) => {
          drained = listener
        },
        onGone: (listener) => {
          gone = listener
        },
      },
    },
  }
  return fake
}
