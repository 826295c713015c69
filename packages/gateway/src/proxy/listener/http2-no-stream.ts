import type { CallerTls, Exchange } from '../exchange.ts'
import { nowhere, unreadBody } from '../nowhere.ts'

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
    body: unreadBody(0),
    reply: nowhere,
  }
}
