/** How often something may happen. */
export interface Budget {
  /** Spends one; false: there is none left. */
  readonly spend: (nowMs: number) => boolean
}

/** A token bucket: `burst` at once, refilled at `perSecond`. */
export function createBudget({ burst, perSecond }: { readonly burst: number; readonly perSecond: number }): Budget {
  let left = burst
  let countedMs = Number.NEGATIVE_INFINITY
  return {
    spend: (nowMs) => {
      left = Math.min(burst, left + Math.max(0, (nowMs - countedMs) / 1_000) * perSecond)
      countedMs = nowMs
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}
