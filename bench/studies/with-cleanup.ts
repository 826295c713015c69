/** Takes what ends something that was started. */
export type AtEnd = (stop: () => unknown) => void

/**
 * Runs something, and then, whether it came to an end or failed, whatever was said to end what it had started, the last
 * first. A process left behind would keep the benchmark from ending, and use the core of whatever is measured next.
 */
export async function withCleanup<T>(run: (atEnd: AtEnd) => Promise<T>): Promise<T> {
  const stops: (() => unknown)[] = []
  try {
    return await run((stop) => stops.unshift(stop))
  } finally {
    for (const stop of stops) await stop()
  }
}
