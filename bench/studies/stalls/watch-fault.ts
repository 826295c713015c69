import type { WatchNote } from './read-watch.ts'

/** The watch says each half second that it looks; silence beyond what its stalls explain is a watch that does not. */
const silenceMsMax = 1_500

/**
 * Why a watch did not see all of [fromMs, untilMs), if it did not: a stall nobody looked for is no stall of 0 ms. It must
 * have spoken before and after, never fallen silent in between, and been one worker's all along. Pure.
 */
export function watchFault(notes: readonly WatchNote[], fromMs: number, untilMs: number): string | undefined {
  const signs = notes.filter(({ what }) => what !== 'stall')
  const first = signs.findLastIndex(({ atMs }) => atMs <= fromMs)
  const last = signs.findIndex(({ atMs }) => atMs >= untilMs)
  if (first < 0) return 'the event loop was not watched from the beginning on'
  if (last < 0) return 'the event loop was not watched until the end'
  const within = signs.slice(first, last + 1)
  if (new Set(within.map(({ pid }) => pid)).size > 1) return 'the worker was replaced by another one'
  const silences = within.slice(1).map(({ atMs }, index) => {
    const sinceMs = within[index]?.atMs ?? 0
    const stalls = notes.filter(({ what, ...one }) => what === 'stall' && one.atMs > sinceMs && one.atMs <= atMs)
    return atMs - sinceMs - stalls.reduce((sum, { ms }) => sum + ms, 0)
  })
  const worstMs = Math.max(0, ...silences)
  return worstMs > silenceMsMax ? `the watch of the event loop was silent for ${Math.round(worstMs)} ms` : undefined
}
