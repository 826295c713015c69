import type { ByteSink, CallerTls, Exchange } from '../exchange.ts'

/** Stands for a session as a whole when it ends for what the caller sent: what is written to it goes nowhere. */
export function noStreamExchange(
  peer: string,
  listener: number,
  tls: CallerTls | undefined,
  receivedMs: number,
): Exchange {
  return {
    method: '',
    target: '',
    rawHeaders: [],
    httpVersion: '2.0',
    peer,
    scheme: tls === undefined ? 'http' : 'https',
    listener,
    tls,
    receivedMs,
    body: { kind: 'none', bytes: 0, start: (sink: ByteSink) => sink.end(), pause: nothing, resume: nothing },
    reply: {
      head: nothing,
      data: () => true,
      end: nothing,
      send: nothing,
      abort: nothing,
      onDrain: nothing,
      onGone: nothing,
    },
  }
}

function nothing(): void {}
