import { apiKeyForm } from '../../domain/api-key-form.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { overBudget, type VerificationBudget } from '../../state/verification-budget.ts'

/** What checking an API key may touch beyond the key. */
export interface ApiKeyPorts {
  /** The keyed hash (`keys/api-key-hash`). */
  readonly hash: (apiKey: string) => string
  readonly budget: VerificationBudget
  /** `explain` asks without charging. */
  readonly peek: boolean
}

/** Whose budget of failures API keys share, beside that of their address. */
export const apiKeyBudget = 'API keys'

const noKey: Result<undefined, Reject> = ok(undefined)

/**
 * Step 3, for APIs that know callers by API key: the key's hash, by which it is looked up. A key somebody brought along
 * may be short enough to be guessed: an address that sent too many wrong ones is not told whether the next is right
 * (S8). Our own, of 160 random bits, are looked up always.
 */
export function hashApiKey(
  apiKey: string | undefined,
  ports: ApiKeyPorts,
  address: string,
  nowMs: number,
): Result<string | undefined, Reject> {
  if (apiKey === undefined) return noKey
  if (apiKeyForm(apiKey) === 'foreign') {
    const scope = ports.budget.exhausted(address, apiKeyBudget, nowMs)
    if (scope !== undefined) return err(overBudget(scope))
  }
  return ok(ports.hash(apiKey))
}

/** A key nobody registered counts as a failed check, as a wrong signature does. */
export function chargeApiKey(reject: Reject, ports: ApiKeyPorts, address: string, nowMs: number): void {
  if (reject.reason !== 'api_key_invalid' || ports.peek) return
  ports.budget.charge(address, apiKeyBudget, nowMs)
}
