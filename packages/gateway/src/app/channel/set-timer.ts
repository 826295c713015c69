/** Runs something after a delay; the answer takes it back. Timers of the channel never keep a process alive. */
export function setTimer(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs)
  timer.unref()
  return () => clearTimeout(timer)
}
