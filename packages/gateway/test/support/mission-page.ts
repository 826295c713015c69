import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * A manual page that lies beside the repository and is never part of it: its commands are run as they are printed.
 * Undefined: it is not there, and suites that need it are skipped.
 */
export function readMissionPage(name: string): string | undefined {
  const file = fileURLToPath(new URL(`../../../../../shared/mission/${name}`, import.meta.url))
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
