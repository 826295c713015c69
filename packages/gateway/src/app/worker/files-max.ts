import { readFileSync } from 'node:fs'

/** Files a process needs beside its connections: its own channels, modules, logs. */
const ownFiles = 64

/**
 * How many callers' connections the system leaves room for: each may need one to an upstream too. Infinity where the
 * system does not say. Without such a bound a caller would find out by being dropped, and an answer by its upstream's
 * connection failing.
 */
export function connectionsForFiles(limits: string): number {
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1]
  return soft === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor((Number(soft) - ownFiles) / 2))
}

/** The limits of this process as Linux tells them; empty elsewhere. */
export function readProcessLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}
