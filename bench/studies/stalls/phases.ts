/** What happens to the gateway while the load is on. */
export interface Phase {
  readonly name: string
  readonly reloads: 'none' | 'one' | 'all'
  readonly rotates: boolean
  readonly scrapes: boolean
}

const none: Phase = { name: 'load alone', reloads: 'none', rotates: false, scrapes: false }

/** Metrics are read after a phase, for reading them is work too, and a phase of its own. */
export const phases: readonly Phase[] = [
  none,
  { ...none, name: 'reloads of one entry', reloads: 'one' },
  { ...none, name: 'reloads of all entries', reloads: 'all' },
  { ...none, name: 'key rotation', rotates: true },
  { ...none, name: 'reloads of all entries and rotation', reloads: 'all', rotates: true },
  { ...none, name: 'scrapes of the metrics', scrapes: true },
]
