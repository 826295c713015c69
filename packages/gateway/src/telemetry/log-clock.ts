/** Times as log lines spell them. One `Date` a second, not one a line (hot-path rule 3). */
export interface LogClock {
  /** `2026-11-23T12:03:04.567Z`, from milliseconds since the epoch. */
  readonly iso: (ms: number) => string
  /** `12:03:04.567` in the machine's own time zone, for people at a terminal. */
  readonly clock: (ms: number) => string
}

const threeDigits: readonly string[] = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'))

/** Three digits with leading zeros, of a whole number from 0 to 999. */
export function padThree(number: number): string {
  return threeDigits[number] ?? '000'
}

/** A clock for one log: it remembers the second it last spelled. */
export function createLogClock(): LogClock {
  let isoSecond = Number.NaN
  let isoText = ''
  let clockSecond = Number.NaN
  let clockText = ''
  return {
    iso: (ms) => {
      const second = Math.floor(ms / 1000)
      if (second !== isoSecond) {
        isoSecond = second
        isoText = `${new Date(second * 1000).toISOString().slice(0, 19)}.`
      }
      return `${isoText}${padThree(Math.floor(ms - second * 1000))}Z`
    },
    clock: (ms) => {
      const second = Math.floor(ms / 1000)
      if (second !== clockSecond) {
        clockSecond = second
        clockText = `${new Date(second * 1000).toTimeString().slice(0, 8)}.`
      }
      return clockText + padThree(Math.floor(ms - second * 1000))
    },
  }
}
