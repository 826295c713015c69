/** What was to happen in a phase, and how often it did. */
export interface Happening {
  /** One of it, as the events name it: `a reload`. */
  readonly what: string
  readonly asked: number
  /** How often it came about while the load was on. */
  readonly done: number
  /** Of those asked for, the share that must have come about. */
  readonly shareMin: number
}

export interface PhaseSeen {
  /** Why the watch of the event loop did not see all of it, if it did not. */
  readonly watch: string | undefined
  /** Why the load was not what it was to be, if it was not. */
  readonly load: string | undefined
  readonly happenings: readonly Happening[]
  /** What failed meanwhile. */
  readonly errors: readonly string[]
}

/** Why a phase does not count: a quiet event loop says nothing when what was to disturb it did not happen. Pure. */
export function phaseFaults({ watch, load, happenings, errors }: PhaseSeen): readonly string[] {
  const missing = happenings.flatMap(({ what, asked, done, shareMin }) => {
    if (asked === 0) return [`${what} was never asked for`]
    return done < Math.ceil(asked * shareMin) ? [`${what}: only ${done} of ${asked} came about under load`] : []
  })
  return [...new Set([watch, load, ...missing, ...errors].filter((fault) => fault !== undefined))]
}
