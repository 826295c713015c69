import { algorithms } from '../../domain/algorithm.ts'
import type { KeyRecord, KeySetStatus } from '../../domain/key.ts'
import { showUrl } from './answer-text.ts'
import { type KeySourceState, partsInOrder, publish } from './jwks-client-state.ts'
import { expiresAtMs } from './jwks-client-view.ts'

/** What an operator sees of an issuer's remote keys. Times are of the wall clock. */
export interface KeySourceStatus {
  readonly issuerId: string
  /** Where the keys are fetched, without queries; a URL learnt from metadata once it is known. */
  readonly urls: readonly string[]
  readonly status: KeySetStatus
  readonly generation: number
  /** Nobody asked for an hour; the next request makes it fetch. */
  readonly idle: boolean
  readonly fetching: boolean
  /** Of the part that was fetched longest ago; undefined: none ever was. */
  readonly fetchedAtMs: number | undefined
  readonly ageMs: number | undefined
  /** When the first part stops to serve unless a fetch succeeds. */
  readonly expiresAtMs: number | undefined
  readonly nextRefreshAtMs: number | undefined
  readonly failuresInRow: number
  /** Of the last round; undefined: it succeeded, or there was none. */
  readonly lastError: { readonly message: string; readonly atMs: number } | undefined
  readonly refetchesLeft: number
  readonly keys: readonly {
    readonly kid: string | undefined
    readonly thumbprint: string
    readonly algorithms: readonly string[]
    /** Why it verifies nothing although its set is good, in words. */
    readonly note?: string
  }[]
  /** Keys that are listed but cannot be used, in words. */
  readonly problems: readonly string[]
  readonly distrusted: readonly string[]
}

/** The source as it stands now. */
export function describeSource(state: KeySourceState): KeySourceStatus {
  const { terms, ports, learnt } = state
  const set = publish(state)
  const parts = partsInOrder(state)
  const nowMs = ports.nowMs()
  const fetchedAtMs = least(parts.map((part) => part.fetchedAtMs))
  return {
    issuerId: terms.issuerId,
    urls: [...terms.jwksUris, ...(learnt === undefined ? [] : [learnt.jwksUri])].map(showUrl),
    status: set.status,
    generation: set.generation,
    idle: state.idle,
    fetching: state.flight !== undefined,
    fetchedAtMs,
    ageMs: fetchedAtMs === undefined ? undefined : Math.max(0, nowMs - fetchedAtMs),
    expiresAtMs: least(parts.map((part) => expiresAtMs(part, terms.maxStaleMs))),
    nextRefreshAtMs: state.nextRefreshAtMs,
    failuresInRow: state.failuresInRow,
    lastError: state.lastError,
    refetchesLeft: state.bucket.left(nowMs),
    keys: set.keys.map((key) => ({
      kid: key.kid,
      thumbprint: key.thumbprint,
      algorithms: algorithms.filter(({ bit }) => (bit & key.algorithmBits) !== 0).map(({ name }) => name),
    })),
    problems: parts.flatMap((part) => part.problems),
    distrusted: [...state.distrusted],
  }
}

/** The same with a note at each key that clashes with a configured one: of two keys under one kid neither is used (S4). */
export function noteClashes(status: KeySourceStatus, configured: readonly KeyRecord[]): KeySourceStatus {
  const keys = status.keys.map((key) => {
    const bits = algorithms.reduce((all, { name, bit }) => (key.algorithms.includes(name) ? all | bit : all), 0)
    const clashes = configured.some(
      ({ kid, thumbprint, algorithmBits }) =>
        kid !== undefined && kid === key.kid && thumbprint !== key.thumbprint && (algorithmBits & bits) !== 0,
    )
    return clashes ? { ...key, note: 'not used: the configuration has another key under this kid' } : key
  })
  return { ...status, keys }
}

function least(numbers: readonly number[]): number | undefined {
  return numbers.length === 0 ? undefined : Math.min(...numbers)
}
