import type { WatchNote } from './read-watch.ts'

/** Something that was done to the gateway; `atMs` since 1970. */
export interface StallEvent {
  readonly atMs: number
  readonly what: string
}

export interface Stall {
  readonly ms: number
  /** What came last before its end, and how long before; undefined: nothing had happened. */
  readonly after: { readonly what: string; readonly ms: number } | undefined
}

/**
 * The longest of the stalls of which a part lies within [fromMs, untilMs); 0 ms when there was none that the watch notes,
 * which says something only of a watch without a fault. Pure.
 */
export function longestStall(
  notes: readonly WatchNote[],
  fromMs: number,
  untilMs: number,
  events: readonly StallEvent[],
): { readonly longest: Stall; readonly over20Ms: number } {
  const within = notes.filter(({ what, atMs, ms }) => what === 'stall' && atMs >= fromMs && atMs - ms < untilMs)
  const over20Ms = within.filter(({ ms }) => ms > 20).length
  const [worst] = within.toSorted((one, other) => other.ms - one.ms)
  if (worst === undefined) return { longest: { ms: 0, after: undefined }, over20Ms }
  const last = events.filter(({ atMs }) => atMs <= worst.atMs).at(-1)
  const after = last === undefined ? undefined : { what: last.what, ms: Math.round(worst.atMs - last.atMs) }
  return { longest: { ms: worst.ms, after }, over20Ms }
}
