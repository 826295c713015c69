/** Lets a bounded number of tasks run at once; the others wait, first come, first served. */
export interface FetchSlots {
  /** Runs the task as soon as a slot is free. */
  readonly run: <T>(task: () => Promise<T>) => Promise<T>
  /** How many wait for a slot. */
  readonly waiting: () => number
}

/** Makes the slots. A task that rejects frees its slot like any other. */
export function createFetchSlots(runningMax: number): FetchSlots {
  const waiting: (() => void)[] = []
  let running = 0

  // A freed slot goes straight to the one who waited longest, so that nobody overtakes.
  const free = (): void => {
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }
  const whenFree = (): Promise<void> => {
    if (running >= runningMax) return new Promise((resolve) => waiting.push(resolve))
    running += 1
    return Promise.resolve()
  }
  return { run: (task) => whenFree().then(task).finally(free), waiting: () => waiting.length }
}
