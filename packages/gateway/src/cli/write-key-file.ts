import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { err, ok, type Result } from '../domain/result.ts'

/** Writes a new file; one that exists is never replaced, for a lost key is lost. The error is a sentence. */
export function writeKeyFile(path: string, text: string, kind: 'private' | 'public'): Result<string, string> {
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { flag: 'wx', mode: kind === 'private' ? 0o600 : 0o644 })
    return ok(path)
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    if (code === 'EEXIST')
      return err(`${path} exists and is not replaced; move it away, or name another folder with --out`)
    return err(`${path} cannot be written (${code})`)
  }
}
