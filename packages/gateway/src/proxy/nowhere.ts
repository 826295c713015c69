import type { CallerBody, Reply } from './exchange.ts'

const nothing = (): void => undefined

/** A reply for an exchange without a caller: what is written to it goes nowhere. */
export const nowhere: Reply = {
  holdsPieces: false,
  head: nothing,
  data: () => true,
  end: nothing,
  send: nothing,
  abort: nothing,
  onDrain: nothing,
  onGone: nothing,
}

/** A body of so many bytes that is never read. */
export function unreadBody(bytes: number): CallerBody {
  return { kind: bytes > 0 ? 'sized' : 'none', bytes, start: (sink) => sink.end(), pause: nothing, resume: nothing }
}
