/**
 * Lets a bounded number of each name's tasks run at once; more of them wait in order, each for a bounded time. Nobody
 * waits for another name's tasks. Remembers a name only while a task of its runs.
 */
export interface Turns {
  /** What the task resolves to; undefined when its turn did not come within `timeoutMs`: then it never ran. */
  readonly run: <T>(name: string, timeoutMs: number, task: () => Promise<T>) => Promise<T | undefined>
}

interface Line {
  running: number
  readonly waiting: Set<() => void>
}

/** Makes the turns. `setTimer` runs something after a delay; what it returns takes that back. */
export function createTurns(runningMax: number, setTimer: (run: () => void, delayMs: number) => () => void): Turns {
  const lines = new Map<string, Line>()

  const turnIn = (line: Line, timeoutMs: number): Promise<boolean> => {
    if (line.running < runningMax) {
      line.running += 1
      return Promise.resolve(true)
    }
    return new Promise((resolve) => {
      const begin = (): void => {
        cancel()
        resolve(true)
      }
      const cancel = setTimer(() => {
        line.waiting.delete(begin)
        resolve(false)
      }, timeoutMs)
      line.waiting.add(begin)
    })
  }
  // A turn that ends goes straight to the one who waited longest, so that nobody overtakes.
  const pass = (name: string, line: Line): void => {
    const [next] = line.waiting
    if (next !== undefined) {
      line.waiting.delete(next)
      next()
      return
    }
    line.running -= 1
    if (line.running === 0) lines.delete(name)
  }

  return {
    run: async (name, timeoutMs, task) => {
      const line = lines.get(name) ?? { running: 0, waiting: new Set() }
      lines.set(name, line)
      if (!(await turnIn(line, timeoutMs))) return undefined
      return task().finally(() => pass(name, line))
    },
  }
}
