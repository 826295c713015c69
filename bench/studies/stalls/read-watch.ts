/** One line of what `hooks/watch-loop.mjs` writes. */
export interface WatchNote {
  /** Since 1970; of a stall, its end. */
  readonly atMs: number
  /** The worker's. */
  readonly pid: number
  readonly what: 'begun' | 'awake' | 'stall'
  /** How late the loop was; 0 of what is no stall. */
  readonly ms: number
}

/** The notes of a watch in the order they were written; throws for a line that is none. Pure. */
export function readWatch(text: string): readonly WatchNote[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, atMs, pid, what, ms = 0] = /^(\d+) (\d+) (begun|awake|stall)(?: ([\d.]+))?$/.exec(line) ?? []
      if (what === undefined) throw new Error(`the watch wrote what is no note of it: ${line}`)
      return { atMs: Number(atMs), pid: Number(pid), what: what as WatchNote['what'], ms: Number(ms) }
    })
}
