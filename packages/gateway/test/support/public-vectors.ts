import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Public test vectors live beside the repository and are never part of it. */
const folder = fileURLToPath(new URL('../../../../../shared/vectors/', import.meta.url))

/** Whether the vectors are there; suites that need them are skipped otherwise. */
export const hasVectors: boolean = existsSync(folder)

/** One vector file as JSON. The caller knows its shape. */
export function readVectors<T>(path: string): T {
  return JSON.parse(readFileSync(join(folder, path), 'utf8')) as T
}

/** The JSON files of a vector folder. */
export function listVectors(path: string): readonly string[] {
  return hasVectors
    ? readdirSync(join(folder, path))
        .filter((name) => name.endsWith('.json'))
        .map((name) => `${path}/${name}`)
    : []
}
