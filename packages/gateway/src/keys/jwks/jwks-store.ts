import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StoredPart } from './jwks-client-part.ts'

/** What must outlive a restart of an issuer's key source. */
export interface StoredSource {
  readonly issuerId: string
  /** Grows for ever, so that a worker never meets two different sets under one number. */
  readonly generation: number
  /** Hash of the keys that `generation` stands for. */
  readonly fingerprint: string
  /** Key ids and thumbprints that never verify again. */
  readonly distrusted: readonly string[]
  readonly parts: readonly StoredPart[]
}

/** Keeps what key sources must remember. */
export interface JwksStore {
  /** Undefined: nothing is kept, or it cannot be read (and the log says so). */
  readonly load: (issuerId: string) => StoredSource | undefined
  /** False: it could not be written (and the log says so). */
  readonly save: (stored: StoredSource) => boolean
}

/** A line for the log about an issuer's keys. */
export interface KeyLogLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly issuerId: string
  readonly message: string
}

const fileBytesMax = 64 << 20

/**
 * One file of mode 0600 per issuer under `<data>/jwks`, replaced whole: written beside, flushed, renamed. Files are never
 * deleted, since a distrusted key stays distrusted when its issuer leaves the configuration and comes back.
 */
export function createJwksStore(dataDirectory: string, log: (line: KeyLogLine) => void): JwksStore {
  const directory = join(dataDirectory, 'jwks')
  const fileOf = (issuerId: string): string =>
    join(directory, `${createHash('sha256').update(issuerId).digest('hex').slice(0, 32)}.json`)

  return {
    load: (issuerId) => {
      const file = fileOf(issuerId)
      const text = read(file, (reason) =>
        log({ level: 'warn', issuerId, message: `${file} cannot be read (${reason})` }),
      )
      if (text === undefined) return undefined
      const stored = parse(text)
      if (stored?.issuerId === issuerId) return stored
      log({ level: 'error', issuerId, message: `${file} is damaged and ignored; distrusted keys must be named again` })
      return undefined
    },
    save: (stored) => {
      const file = fileOf(stored.issuerId)
      try {
        mkdirSync(directory, { recursive: true, mode: 0o700 })
        replace(file, JSON.stringify(stored))
        return true
      } catch (error) {
        const reason = String((error as NodeJS.ErrnoException).code)
        log({ level: 'error', issuerId: stored.issuerId, message: `${file} cannot be written (${reason})` })
        return false
      }
    },
  }
}

function read(file: string, onFault: (reason: string) => void): string | undefined {
  try {
    const bytes = readFileSync(file)
    if (bytes.length <= fileBytesMax) return bytes.toString('utf8')
    onFault('too large')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT') onFault(String(code))
  }
  return undefined
}

function replace(file: string, text: string): void {
  const draft = `${file}.new`
  const handle = openSync(draft, 'w', 0o600)
  try {
    // All of it or an error: one write to a disk that fills up may take a part and say so in its count alone.
    writeFileSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(draft, file)
}

function parse(text: string): StoredSource | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return isStoredSource(value) ? value : undefined
}

function isStoredSource(value: unknown): value is StoredSource {
  return (
    hasTypes(value, { issuerId: 'string', generation: 'number', fingerprint: 'string' }) &&
    Number.isSafeInteger(value.generation) &&
    Array.isArray(value.distrusted) &&
    value.distrusted.every((one) => typeof one === 'string') &&
    Array.isArray(value.parts) &&
    value.parts.every(isStoredPart)
  )
}

function isStoredPart(value: unknown): boolean {
  return (
    hasTypes(value, { source: 'string', url: 'string', body: 'string', fetchedAtMs: 'number', freshMs: 'number' }) &&
    (value.etag === undefined || typeof value.etag === 'string')
  )
}

function hasTypes(
  value: unknown,
  types: Readonly<Record<string, 'string' | 'number'>>,
): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const members = value as Readonly<Record<string, unknown>>
  return Object.entries(types).every(([name, type]) => typeof members[name] === type)
}
