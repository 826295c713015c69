/** Turns a burst of triggers into runs one after the other: never two at once, and one more after a trigger during a run. */
export interface Debounced {
  readonly trigger: () => void
}

/** `run` starts when no trigger came for `quietMs`. */
export function debounce(run: () => Promise<void>, quietMs: number): Debounced {
  let timer: NodeJS.Timeout | undefined
  let running = false
  let again = false

  async function start(): Promise<void> {
    running = true
    await run()
    running = false
    if (again) {
      again = false
      trigger()
    }
  }

  function trigger(): void {
    if (running) {
      again = true
      return
    }
    clearTimeout(timer)
    timer = setTimeout(() => void start(), quietMs)
  }

  return { trigger }
}
