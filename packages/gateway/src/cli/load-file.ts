import type { LoadedConfig } from '../app/offline.ts'
import { err, type Result } from '../domain/result.ts'
import { type ReferenceFlags, referenceOptions } from './option-sets.ts'

/** A configuration file as `start` would load it, or every problem of it as the text a command fails with. */
export async function loadFile(file: string, flags: ReferenceFlags): Promise<Result<LoadedConfig, string>> {
  const { formatProblem, loadOffline } = await import('../app/offline.ts')
  const loaded = await loadOffline(file, referenceOptions(flags))
  return loaded.ok ? loaded : err([`${file} cannot be used:`, ...loaded.error.map(formatProblem)].join('\n'))
}
