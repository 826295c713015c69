import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { overBudget, type VerificationBudget } from '../../state/verification-budget.ts'
import type { ShownApiKey } from './extract-api-key.ts'

/** What checking an API key may touch beyond the key. */
export interface ApiKeyPorts {
  /** The keyed hash (`keys/api-key-hash`). */
  readonly hash: (apiKey: string) => string
  readonly budget: VerificationBudget
  /** `explain` asks without charging. */
  readonly peek: boolean
}

const noKey: Result<undefined, Reject> = ok(undefined)

/**
 * Step 3, for APIs that know callers by API key: the key's hash, by which it is looked up. A key somebody brought along
 * may be short enough to be guessed: an address that sent too many wrong ones is not told whether the next is right
 * (S8). Our own, of 160 random bits, are looked up always. No budget is shared: whoever used it up would lock out others.
 */
export function hashApiKey(
  shown: ShownApiKey | undefined,
  ports: ApiKeyPorts,
  address: string,
  nowMs: number,
): Result<string | undefined, Reject> {
  if (shown === undefined) return noKey
  const scope = shown.isOwn ? undefined : ports.budget.exhausted(address, undefined, nowMs)
  return scope === undefined ? ok(ports.hash(shown.text)) : err(overBudget(scope))
}

/** A key nobody registered counts as a failed check, as a wrong signature does. */
export function chargeApiKey(reject: Reject, ports: ApiKeyPorts, address: string, nowMs: number): void {
  if (reject.reason !== 'api_key_invalid' || ports.peek) return
  ports.budget.charge(address, undefined, nowMs)
}
