/** A token bucket for the refetches that unknown key ids ask for. */
export interface RefetchBucket {
  /** Takes one token; false: none is left. */
  readonly take: (nowMs: number) => boolean
  readonly left: (nowMs: number) => number
  /** How long until there is a token; 0: there is one. */
  readonly waitMs: (nowMs: number) => number
}

/** Refetches in a row before the cool-down is felt. */
export const refetchesMax = 4

/** A full bucket that regains one token per cool-down, whatever became of the fetches. */
export function createRefetchBucket(cooldownMs: number, startMs: number): RefetchBucket {
  let tokens = refetchesMax
  let countedMs = startMs

  function refill(nowMs: number): void {
    // A clock set back must not stop the refill until it has caught up.
    if (nowMs < countedMs) countedMs = nowMs
    const gained = Math.floor((nowMs - countedMs) / cooldownMs)
    tokens = Math.min(refetchesMax, tokens + gained)
    countedMs = tokens === refetchesMax ? nowMs : countedMs + gained * cooldownMs
  }
  return {
    take: (nowMs) => {
      refill(nowMs)
      if (tokens === 0) return false
      tokens -= 1
      return true
    },
    left: (nowMs) => {
      refill(nowMs)
      return tokens
    },
    waitMs: (nowMs) => {
      refill(nowMs)
      return tokens > 0 ? 0 : countedMs + cooldownMs - nowMs
    },
  }
}
