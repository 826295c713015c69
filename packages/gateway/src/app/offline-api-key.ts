import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { apiKeyForm, apiKeySecretBytes, formatApiKey } from '../domain/api-key-form.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { createApiKeyHash } from '../keys/api-key-hash.ts'
import { openDataDir } from './data-dir.ts'

/** An API key, and what of it goes into the configuration. */
export interface ApiKeyRegistration {
  readonly apiKey: string
  /** Its keyed hash: the key cannot be made of it. */
  readonly hash: string
  /** Where a data directory was made for it, with a master key of its own; undefined: it was there. */
  readonly madeDataDir: string | undefined
}

/** Fewer characters are guessed sooner or later, however it is bounded. */
const charactersMin = 16
const charactersMax = 512

/**
 * A new API key of our own, or one somebody brought along, with its hash under this installation's master key. The error
 * is a sentence for the operator.
 */
export function registerApiKey(dataDir: string, brought: string | undefined): Result<ApiKeyRegistration, string> {
  const fault = brought === undefined ? undefined : faultOf(brought)
  if (fault !== undefined) return err(fault)
  const isNew = !existsSync(dataDir)
  const opened = openDataDir(dataDir)
  if (!opened.ok) return opened
  const apiKey = brought ?? formatApiKey(randomBytes(apiKeySecretBytes))
  const hash = createApiKeyHash(opened.value.deriveKey('api-keys'))(apiKey)
  return ok({ apiKey, hash, madeDataDir: isNew ? opened.value.path : undefined })
}

function faultOf(brought: string): string | undefined {
  if (!/^[\x21-\x7e]*$/.test(brought)) return 'an API key is printable ASCII without spaces'
  if (brought.length < charactersMin) {
    return `an API key of ${brought.length} characters can be guessed; bring one of ${charactersMin} or more`
  }
  if (brought.length > charactersMax) return `an API key has at most ${charactersMax} characters`
  return apiKeyForm(brought) === 'damaged' ? 'this is a Jotgate key with a slip in it: copy it again' : undefined
}
