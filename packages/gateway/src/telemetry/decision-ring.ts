import type { TokenSummary } from '../domain/decision.ts'
import type { Outcome } from '../domain/reasons.ts'
import type { Reject } from '../domain/reject.ts'
import { loggedCharactersMax } from './escape-text.ts'

/** How one request ended, as numbers and references; `describeDecision` makes words of it when somebody asks. */
export interface DecisionEntry {
  readonly id: string
  readonly atMs: number
  readonly outcome: Outcome
  readonly status: number
  readonly method: string
  /** The normalised path; never the query. Undefined when there is none (`bad_path`). */
  readonly path: string | undefined
  readonly api: string | undefined
  /** The application that was found calling. */
  readonly application: string | undefined
  readonly generation: number
  /** Undefined when forwarded. */
  readonly reject: Reject | undefined
  /** The query holds `_method`, which some frameworks take for the request's method. */
  readonly queryNamesMethod?: true
  /** Which steps applied: a preflight's own, none of a token's on a public route, no parsing and no key for an introspected token, nothing of a token where none is needed. */
  readonly way: 'preflight' | 'public' | 'tokenless' | 'signed' | 'introspected'
  /** Not for a request that was only described, nor for one the gateway answered itself. */
  readonly upstreamAsked: boolean
  /** From `summariseToken`; undefined when no token was read. */
  readonly token: TokenSummary | undefined
}

/** The last decisions of one worker, in memory only. */
export interface DecisionRing {
  /**
   * Whether a decision of this outcome is to be kept now; ask before making its summary. Refused and failed ones
   * always are, up to 100 a second; forwarded ones only when `acceptedToo`.
   */
  readonly admits: (outcome: Outcome, acceptedToo: boolean, nowMs: number) => boolean
  readonly add: (entry: DecisionEntry) => void
  /** The decision with this id, unless it was pushed out or is older than 24 hours. */
  readonly find: (id: string, nowMs: number) => DecisionEntry | undefined
}

const capacityDefault = 10_000
/** Approximate heap of all decisions: what a caller writes into an unsigned token costs that caller nothing. */
const bytesMax = 16 << 20
const entryBytes = 256
const memberBytes = 64
const refusedPerSecondMax = 100
const ageMsMax = 86_400_000

/** A ring of at most `capacity` decisions and about 16 MiB: the newest pushes out the oldest. */
export function createDecisionRing(capacity: number = capacityDefault): DecisionRing {
  const entries: (DecisionEntry | undefined)[] = new Array(capacity).fill(undefined)
  let next = 0
  let count = 0
  let bytes = 0
  let second = Number.NaN
  let refusedThisSecond = 0

  /** What is too old is forgotten, not only left unanswered. */
  function forget(nowMs: number): void {
    while (count > 0) {
      const entry = entries[(next - count + capacity) % capacity]
      if (entry !== undefined && nowMs - entry.atMs <= ageMsMax && bytes <= bytesMax) return
      dropOldest()
    }
  }

  function dropOldest(): void {
    const oldest = (next - count + capacity) % capacity
    const entry = entries[oldest]
    if (entry !== undefined) bytes -= bytesOf(entry)
    entries[oldest] = undefined
    count--
  }

  return {
    admits: (outcome, acceptedToo, nowMs) => {
      if (outcome === 'forwarded' || outcome === 'answered') return acceptedToo
      const nowSecond = Math.floor(nowMs / 1000)
      if (nowSecond !== second) {
        second = nowSecond
        refusedThisSecond = 0
      }
      refusedThisSecond++
      return refusedThisSecond <= refusedPerSecondMax
    },
    add: (entry) => {
      if (count === capacity) dropOldest()
      const kept = keepable(entry)
      bytes += bytesOf(kept)
      entries[next] = kept
      next = (next + 1) % capacity
      count++
      forget(entry.atMs)
    },
    find: (id, nowMs) => {
      forget(nowMs)
      return entries.find((entry) => entry?.id === id)
    },
  }
}

/** The entry with its caller's strings cut to length and copied: a slice would keep the whole read buffer alive. */
function keepable(entry: DecisionEntry): DecisionEntry {
  const { reject } = entry
  return {
    ...entry,
    method: keepText(entry.method),
    path: entry.path === undefined ? undefined : keepText(entry.path),
    reject:
      reject === undefined
        ? undefined
        : // Every member keeps its type, so the copy is a refusal of the same reason.
          (Object.fromEntries(Object.entries(reject).map(([name, value]) => [name, keepValue(value)])) as Reject),
  }
}

function keepValue(value: unknown): unknown {
  if (typeof value === 'string') return keepText(value)
  return Array.isArray(value) ? value.map(keepValue) : value
}

function keepText(text: string): string {
  return Buffer.from(text.slice(0, loggedCharactersMax + 1), 'utf16le').toString('utf16le')
}

function bytesOf({ method, path, reject, token }: DecisionEntry): number {
  let bytes = entryBytes + method.length + (path?.length ?? 0)
  for (const value of Object.values(reject ?? {})) bytes += textBytes(value)
  for (const members of [token?.header, token?.claims]) {
    if (members === undefined) continue
    for (const name of Object.keys(members)) bytes += memberBytes + name.length + (members[name]?.length ?? 0)
  }
  return bytes
}

function textBytes(value: unknown): number {
  if (typeof value === 'string') return value.length
  return Array.isArray(value) ? value.reduce<number>((sum, part) => sum + textBytes(part), 0) : 0
}
