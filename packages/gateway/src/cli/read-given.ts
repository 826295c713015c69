import { readFile } from 'node:fs/promises'
import { err, ok, type Result } from '../domain/result.ts'
import type { Terminal } from './terminal.ts'

const bytesMax = 1024 * 1024

/**
 * What an argument gives: itself, the content of a file (`@file`), or standard input (`-`), so that nothing secret needs
 * to stand on a command line. At most 1 MiB; white space around it is cut off. The error is a sentence.
 */
export async function readGiven(given: string, terminal: Terminal): Promise<Result<string, string>> {
  if (given === '-' && process.stdin.isTTY === true) terminal.note('Reading standard input; end it with Ctrl-D.\n')
  const bytes = given === '-' ? ok(await terminal.readInput(bytesMax)) : await readAt(given)
  if (!bytes.ok) return bytes
  if (bytes.value.length > bytesMax) return err(`${given} is longer than 1 MiB`)
  return ok(bytes.value.toString('utf8').trim())
}

/** A token as `readGiven` reads it; the word `Bearer` before it, as copied from a header, is cut off. */
export async function readToken(given: string, terminal: Terminal): Promise<Result<string, string>> {
  const text = await readGiven(given, terminal)
  return text.ok ? ok(text.value.replace(/^Bearer\s+/i, '')) : text
}

/** The bytes of a file, or a sentence why not. */
export async function readFileBytes(path: string): Promise<Result<Buffer, string>> {
  try {
    return ok(await readFile(path))
  } catch (error) {
    return err(`${path} ${whyUnreadable((error as NodeJS.ErrnoException).code)}`)
  }
}

async function readAt(given: string): Promise<Result<Buffer, string>> {
  return given.startsWith('@') ? await readFileBytes(given.slice(1)) : ok(Buffer.from(given))
}

function whyUnreadable(code: string | undefined): string {
  if (code === 'ENOENT') return 'does not exist'
  if (code === 'EACCES') return 'may not be read by this user'
  if (code === 'EISDIR') return 'is a folder'
  return `cannot be read (${code ?? 'unknown error'})`
}
