/** Environment variables by name. */
export type Environment = Readonly<Record<string, string>>

/** A copy of this process's environment. The only file that reads `process.env`. */
export function readEnvironment(): Environment {
  const copy: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined) copy[name] = value
  }
  return copy
}

/**
 * Removes every variable from this process, so that whatever it forks starts without any: `cluster.fork` hands its
 * own `process.env` on, whatever it is told (S22).
 */
export function wipeEnvironment(): void {
  for (const name of Object.keys(process.env)) delete process.env[name]
}
