import { hkdfSync, randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Result } from '../domain/result.ts'
import { err, ok } from '../domain/result.ts'

/** What a gateway keeps between starts: its admin token, its master key and its caches. Readable by its own user only. */
export interface DataDir {
  readonly path: string
  /** The bearer token of the admin port, made at the first start. */
  readonly adminToken: string
  /** 32 bytes derived from the master key (HKDF, RFC 5869) for one purpose; the master key itself goes nowhere. */
  readonly deriveKey: (purpose: KeyPurpose) => Buffer
  /** This installation's name in `Via`, made of the master key: whoever does not see its requests cannot know it. */
  readonly pseudonym: string
}

/** What a derived key is for; another purpose is another key. */
export type KeyPurpose = 'subject' | 'api-keys' | 'via'

/** Where a running gateway is found: `<data>/gateway.json`, gone after an orderly end. */
export interface RunningGateway {
  readonly pid: number
  readonly adminAddress: string
  readonly adminPort: number
  readonly address: string
  readonly port: number
  /** The gateway's private socket: whoever answers there is alive, whatever became of the pid. */
  readonly controlSocket: string
}

/** Where the data directory is unless somebody says otherwise: in the working directory. */
export const defaultDataDir = './jotgate-data'

const tokenFile = 'admin-token'
const masterKeyFile = 'master-key'
const runningFile = 'gateway.json'
const secretBytes = 32
/** Enough that nobody guesses it, on every request forwarded. */
const pseudonymBytes = 12

/** Opens the data directory, making it and its secrets when they are missing. The error is a sentence for the operator. */
export function openDataDir(path: string): Result<DataDir, string> {
  const directory = resolve(path)
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const { uid, mode } = statSync(directory)
    if (process.getuid !== undefined && uid !== process.getuid()) {
      return err(
        `the data directory ${directory} belongs to another user (uid ${uid}); give it to this one or name another with --data`,
      )
    }
    if ((mode & 0o077) !== 0) {
      return err(`the data directory ${directory} is open to other users; close it: chmod 700 ${directory}`)
    }
    const adminToken = readOrMake(join(directory, tokenFile))
    const masterKey = Buffer.from(readOrMake(join(directory, masterKeyFile)), 'base64url')
    const deriveKey = (purpose: KeyPurpose): Buffer => derive(masterKey, purpose)
    const pseudonym = `jotgate-${deriveKey('via').toString('hex', 0, pseudonymBytes)}`
    return ok({ path: directory, adminToken, deriveKey, pseudonym })
  } catch (error) {
    const { message } = error as Error
    return err(`the data directory ${directory} cannot be used: ${message}; name another with --data`)
  }
}

function derive(masterKey: Buffer, purpose: KeyPurpose): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, '', `jotgate ${purpose}`, secretBytes))
}

/** A derived key of a data directory that exists; for the command line. */
export function readDerivedKey(directory: string, purpose: KeyPurpose): Buffer | undefined {
  try {
    const text = readFileSync(join(directory, masterKeyFile), 'utf8').trim()
    return derive(Buffer.from(text, 'base64url'), purpose)
  } catch {
    return undefined
  }
}

/** A secret kept as base64url text in a file of mode 0600. Made whole or not at all, also when two starts race. */
function readOrMake(file: string): string {
  if (!existsSync(file)) {
    const draft = `${file}.${process.pid}`
    writeFileSync(draft, `${randomBytes(secretBytes).toString('base64url')}\n`, { mode: 0o600, flush: true })
    try {
      linkSync(draft, file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(draft)
    }
  }
  const { mode } = statSync(file)
  if ((mode & 0o077) !== 0) throw new Error(`${file} is open to other users; chmod 600 it, or delete it for a new one`)
  const text = readFileSync(file, 'utf8').trim()
  if (Buffer.from(text, 'base64url').length < secretBytes) {
    throw new Error(`${file} is damaged; delete it and a new one is made`)
  }
  return text
}

/** Says where this gateway is found. */
export function writeRunning(directory: string, running: RunningGateway): void {
  writeFileSync(join(directory, runningFile), `${JSON.stringify(running)}\n`, { mode: 0o600 })
}

/** The gateway that last said it runs on this data directory; undefined: none, or it ended in order. */
export function readRunning(directory: string): RunningGateway | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, runningFile), 'utf8')) as RunningGateway
  } catch {
    return undefined
  }
}

/** Takes back what `writeRunning` said. */
export function removeRunning(directory: string): void {
  rmSync(join(directory, runningFile), { force: true })
}

/** The admin token of a data directory that exists; for the command line. */
export function readAdminToken(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, tokenFile), 'utf8').trim()
  } catch {
    return undefined
  }
}
