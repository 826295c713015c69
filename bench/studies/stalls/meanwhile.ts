import type { StallEvent } from './longest-stall.ts'

/** Something done to the gateway again and again. */
export interface Act {
  readonly what: string
  readonly everyMs: number
  readonly act: () => unknown
}

export interface Meanwhile {
  /** Waits for what is under way, and tells what was begun, and what of it failed. */
  readonly ended: () => Promise<{ readonly events: readonly StallEvent[]; readonly errors: readonly string[] }>
}

/** Does each of the acts at its own pace, the first after one interval, and begins none once `forMs` are over. */
export function meanwhile(acts: readonly Act[], forMs: number): Meanwhile {
  const events: StallEvent[] = []
  const errors: string[] = []
  const begun: Promise<unknown>[] = []
  const timers = acts.map(({ what, everyMs, act }) =>
    setInterval(() => {
      events.push({ atMs: Date.now(), what })
      // What fails was not done: the phase must not pass for one in which it was.
      const done = new Promise((resolve) => resolve(act()))
      begun.push(done.catch((error: unknown) => errors.push(`${what} failed: ${String(error)}`)))
    }, everyMs),
  )
  const stop = (): void => {
    for (const timer of timers) clearInterval(timer)
  }
  const end = setTimeout(stop, forMs)
  return {
    ended: async () => {
      stop()
      clearTimeout(end)
      await Promise.all(begun)
      return { events, errors }
    },
  }
}
