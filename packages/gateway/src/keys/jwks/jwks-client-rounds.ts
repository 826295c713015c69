import { showUrl } from './answer-text.ts'
import { fetchRound } from './jwks-client-fetch.ts'
import { refreshDelayMs, retryDelayMs } from './jwks-client-freshness.ts'
import type { JwksPart } from './jwks-client-part.ts'
import { type KeySourceState, partsInOrder, publish, toStored } from './jwks-client-state.ts'
import { expiresAtMs } from './jwks-client-view.ts'

const idleAfterMs = 3_600_000
/** Node fires a timer at once when its delay does not fit 31 bits. */
const timerMaxMs = 86_400_000

/**
 * Fetches an issuer's keys once and arms what comes next. One round at a time: whoever asks meanwhile gets the running
 * one. `conditional: false` asks for the sets whole, whatever their ETags.
 */
export function runRound(state: KeySourceState, conditional: boolean): Promise<void> {
  if (state.flight !== undefined) return state.flight
  state.cancelRefresh()
  state.nextRefreshAtMs = undefined
  state.flight = fetchOnce(state, conditional).finally(() => {
    state.flight = undefined
    if (!state.stopped) armRefresh(state)
  })
  return state.flight
}

/** Sees to it that a part older than `maxStale` allows stops to serve without anybody asking. */
export function armExpiry(state: KeySourceState): void {
  const { ports, terms } = state
  state.cancelExpiry()
  const nowMs = ports.nowMs()
  const ends = partsInOrder(state).map((part) => expiresAtMs(part, terms.maxStaleMs))
  const nextMs = Math.min(...ends.filter((endMs) => endMs > nowMs))
  if (!Number.isFinite(nextMs)) return
  state.cancelExpiry = ports.setTimer(() => expire(state), Math.min(timerMaxMs, nextMs - nowMs))
}

/** Ends the source's timers; a round under way is forgotten. */
export function stopSource(state: KeySourceState): void {
  state.stopped = true
  state.cancelRefresh()
  state.cancelExpiry()
}

async function fetchOnce(state: KeySourceState, conditional: boolean): Promise<void> {
  const { ports, terms, parts } = state
  const known = conditional ? parts : new Map<string, JwksPart>()
  const round = await fetchRound(terms, known, state.learnt, ports)
  if (state.stopped) return
  for (const part of round.parts) {
    if (part.body !== parts.get(part.source)?.body) report(state, part)
    parts.set(part.source, part)
  }
  const recovered = state.failed && round.faults.length === 0
  state.learnt = round.learnt
  state.idle = false
  state.failed = round.faults.length > 0
  state.failuresInRow = state.failed ? state.failuresInRow + 1 : 0
  state.lastError = state.failed ? { message: round.faults.join('; '), atMs: ports.nowMs() } : undefined

  const { status } = publish(state)
  if (round.parts.length > 0) ports.store.save(toStored(state))
  armExpiry(state)
  const { issuerId } = terms
  if (state.lastError !== undefined) {
    const [level, serving] =
      status === 'stale' ? (['warn', 'the last good keys serve on'] as const) : (['error', 'no key is left'] as const)
    ports.log({ level, issuerId, message: `${state.lastError.message}; ${serving}` })
  } else if (recovered) {
    ports.log({ level: 'info', issuerId, message: 'the keys are fetched again' })
  }
}

/** Says, once for each new answer, what an operator must know of it. */
function report(state: KeySourceState, part: JwksPart): void {
  const { ports, terms } = state
  const { issuerId } = terms
  const url = showUrl(part.url)
  for (const problem of part.problems) ports.log({ level: 'warn', issuerId, message: `${url}: ${problem}` })
  if (part.keys.length === 0) ports.log({ level: 'error', issuerId, message: `${url} lists no usable key` })
}

function armRefresh(state: KeySourceState): void {
  const { ports } = state
  state.cancelRefresh()
  const freshMs = Math.min(...partsInOrder(state).map((part) => part.freshMs))
  const random = ports.random()
  const wantedMs = state.failed ? retryDelayMs(state.failuresInRow, random) : refreshDelayMs(freshMs, random)
  const delayMs = Math.min(timerMaxMs, wantedMs)
  state.nextRefreshAtMs = ports.nowMs() + delayMs
  state.cancelRefresh = ports.setTimer(() => {
    if (ports.nowMs() - state.usedAtMs >= idleAfterMs) rest(state)
    else void runRound(state, true)
  }, delayMs)
}

/** Stops refreshing a set nobody needs. It counts as expired: the next request waits for a fetch (S7). */
function rest(state: KeySourceState): void {
  const { ports, terms } = state
  state.idle = true
  state.nextRefreshAtMs = undefined
  state.cancelExpiry()
  const message = 'no request needed these keys for an hour; fetching rests until one does'
  ports.log({ level: 'info', issuerId: terms.issuerId, message })
  publish(state)
}

function expire(state: KeySourceState): void {
  const { ports, terms } = state
  const before = state.published?.keys.length ?? 0
  const { status, keys } = publish(state)
  if (keys.length < before) {
    const message = `${before - keys.length} keys are older than maxStale allows and verify no longer (now ${status})`
    ports.log({ level: 'error', issuerId: terms.issuerId, message })
  }
  armExpiry(state)
}
