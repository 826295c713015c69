/** When a dead process is replaced, and when its deaths are worth an alarm (S22). Times in milliseconds. */
export interface BackOff {
  /** Tells of a birth. */
  readonly born: (nowMs: number) => void
  /** Tells of a death; answers how long to wait before the next birth, and whether the deaths of a minute are too many. */
  readonly died: (nowMs: number) => { readonly delayMs: number; readonly alarm: boolean }
}

const shortLifeMs = 10_000
const firstDelayMs = 100
const delayMsMax = 10_000
const alarmDeaths = 5
const alarmWindowMs = 60_000

/**
 * Back-off of one process slot: replaced at once after a life of 10 s or more and after its first early death; every
 * further early death in a row doubles the wait, from 0.1 s to 10 s. A slot is never given up.
 */
export function createBackOff(): BackOff {
  let bornMs = 0
  let earlyDeaths = 0
  let deathsMs: readonly number[] = []

  return {
    born: (nowMs) => {
      bornMs = nowMs
    },
    died: (nowMs) => {
      deathsMs = [...deathsMs.filter((atMs) => nowMs - atMs < alarmWindowMs), nowMs].slice(-alarmDeaths)
      earlyDeaths = nowMs - bornMs < shortLifeMs ? earlyDeaths + 1 : 0
      const delayMs = earlyDeaths < 2 ? 0 : Math.min(delayMsMax, firstDelayMs * 2 ** (earlyDeaths - 2))
      return { delayMs, alarm: deathsMs.length >= alarmDeaths }
    },
  }
}
