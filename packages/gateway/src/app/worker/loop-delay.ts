const tickMs = 20

/**
 * Watches how late this process's event loop runs, for less than 1 % of a core. Answers the worst since it was last
 * asked, in milliseconds; an idle process shows next to none. Node's own monitor counts its interval in, and loses the
 * delay it is in when it is reset.
 */
export function watchLoopDelay(): () => number {
  let lastTickMs = performance.now()
  let worstMs = 0
  const lateness = (nowMs: number): number => Math.max(worstMs, nowMs - lastTickMs - tickMs)
  setInterval(() => {
    const nowMs = performance.now()
    worstMs = lateness(nowMs)
    lastTickMs = nowMs
  }, tickMs).unref()
  return () => {
    const nowMs = performance.now()
    // Who asks may come before the tick that is late.
    const worst = lateness(nowMs)
    worstMs = 0
    lastTickMs = Math.max(lastTickMs, nowMs - tickMs)
    return worst
  }
}
