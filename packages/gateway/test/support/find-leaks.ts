import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A place that was searched, and its text. */
export type Place = readonly [name: string, text: string]

/** The places that hold any of these texts, which must be nowhere; each place once. */
export function findLeaks(places: readonly Place[], secrets: Iterable<string>): readonly string[] {
  const wanted = [...new Set(secrets)]
  if (wanted.some((secret) => secret.length < 6)) throw new Error('so short a text is found by chance')
  return places.flatMap(([name, text]) => (wanted.some((secret) => text.includes(secret)) ? [name] : []))
}

/** Every file below a folder. */
export function filesBelow(folder: string): readonly Place[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    if (!entry.isFile()) return []
    const file = join(entry.parentPath, entry.name)
    return [[file, readFileSync(file, 'latin1')] as const]
  })
}

/** The command line of a running process; other programs of the machine may read it. */
export function commandLine(pid: number): Place {
  return [`the command line of ${pid}`, readFileSync(`/proc/${pid}/cmdline`, 'utf8')]
}

/** The environment a running process was started with. */
export function environment(pid: number): Place {
  return [`the environment of ${pid}`, readFileSync(`/proc/${pid}/environ`, 'utf8')]
}
