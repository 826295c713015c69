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
 * The longest of the stalls that ended within [fromMs, untilMs), out of the lines `hooks/watch-loop.mjs` writes; 0 ms
 * when there was none that it notes. Pure.
 */
export function longestStall(
  lines: string,
  fromMs: number,
  untilMs: number,
  events: readonly StallEvent[],
): { readonly longest: Stall; readonly over20Ms: number } {
  const within = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ').map(Number))
    .map(([endMs = 0, ms = 0]) => ({ endMs, ms }))
    .filter(({ endMs }) => endMs >= fromMs && endMs < untilMs)
  const over20Ms = within.filter(({ ms }) => ms > 20).length
  const [worst] = within.toSorted((one, other) => other.ms - one.ms)
  if (worst === undefined) return { longest: { ms: 0, after: undefined }, over20Ms }
  const last = events.filter(({ atMs }) => atMs <= worst.endMs).at(-1)
  const after = last === undefined ? undefined : { what: last.what, ms: Math.round(worst.endMs - last.atMs) }
  return { longest: { ms: worst.ms, after }, over20Ms }
}
