import { addressGroup } from '../domain/address-group.ts'
import type { Reject } from '../domain/reject.ts'

/**
 * How many failed checks an address and an issuer may cause a second (S8): signatures that are wrong, questions about
 * opaque tokens nobody knows. A refusal beyond it costs neither crypto nor a question.
 * Fixed memory (S30): when the table is full of busy addresses, new ones share one overflow budget, so that a flood of
 * fresh addresses cannot reset anyone's count. Counted per worker, with its share of the node's budget.
 */
export interface VerificationBudget {
  /** Which budget is used up, if any. Changes nothing. Without an issuer only the address has one. */
  readonly exhausted: (address: string, issuerId: string | undefined, nowMs: number) => 'address' | 'issuer' | undefined
  /** Charges one failed check to both. */
  readonly charge: (address: string, issuerId: string | undefined, nowMs: number) => void
  readonly size: () => number
}

export interface VerificationBudgetLimits {
  /** Failed checks a second; 0 is off. */
  readonly perAddress: number
  readonly perIssuer: number
}

const addressesMax = 65_536
const overflow = 'overflow'
const windowMs = 1_000
/** A charge reaches no further ahead, however many come late and at once. */
const chargedMsMax = 4 * windowMs
/**
 * A due time further ahead was written before the clock was set back, and says nothing. Requests that waited for a
 * provider come up to half a minute late and must not take it for that.
 */
const aheadMsMax = 60 * windowMs

/** A generic cell rate algorithm over failures: `limit` at once, then one each `1000 / limit` ms. */
export function createVerificationBudget(limits: () => VerificationBudgetLimits): VerificationBudget {
  const dueByAddress = new Map<string, number>()
  const dueByIssuer = new Map<string, number>()
  let sweptMs = Number.NEGATIVE_INFINITY

  /** At most once a window: a full sweep for each fresh address would itself be a way to buy CPU. */
  function forgetIdle(nowMs: number): void {
    if (sweptMs <= nowMs && nowMs < sweptMs + windowMs) return
    sweptMs = nowMs
    for (const [key, dueMs] of dueByAddress) {
      if (!isAhead(dueMs, nowMs)) dueByAddress.delete(key)
    }
  }

  function exhausted(address: string, issuerId: string | undefined, nowMs: number): 'address' | 'issuer' | undefined {
    const { perAddress, perIssuer } = limits()
    if (issuerId !== undefined && isSpent(dueByIssuer.get(issuerId), perIssuer, nowMs)) return 'issuer'
    if (perAddress === 0 || dueByAddress.size === 0) return undefined
    const due = dueByAddress.get(addressGroup(address))
    const known = due !== undefined || dueByAddress.size < addressesMax
    return isSpent(known ? due : dueByAddress.get(overflow), perAddress, nowMs) ? 'address' : undefined
  }

  function charge(address: string, issuerId: string | undefined, nowMs: number): void {
    const { perAddress, perIssuer } = limits()
    if (perIssuer > 0 && issuerId !== undefined) {
      dueByIssuer.set(issuerId, nextDue(dueByIssuer.get(issuerId), perIssuer, nowMs))
    }
    if (perAddress === 0) return
    const group = addressGroup(address)
    if (!dueByAddress.has(group) && dueByAddress.size >= addressesMax) forgetIdle(nowMs)
    const key = dueByAddress.has(group) || dueByAddress.size < addressesMax ? group : overflow
    dueByAddress.set(key, nextDue(dueByAddress.get(key), perAddress, nowMs))
  }

  return { exhausted, charge, size: () => dueByAddress.size }
}

function isAhead(dueMs: number, nowMs: number): boolean {
  return dueMs > nowMs && dueMs <= nowMs + aheadMsMax
}

function isSpent(dueMs: number | undefined, limit: number, nowMs: number): boolean {
  return limit > 0 && dueMs !== undefined && isAhead(dueMs, nowMs) && dueMs - nowMs > windowMs - windowMs / limit
}

function nextDue(dueMs: number | undefined, limit: number, nowMs: number): number {
  const fromMs = dueMs !== undefined && isAhead(dueMs, nowMs) ? dueMs : nowMs
  return Math.max(fromMs, Math.min(fromMs + windowMs / limit, nowMs + chargedMsMax))
}

/** The refusal of whoever used up this budget. */
export function overBudget(scope: 'address' | 'issuer'): Reject {
  const setting = scope === 'address' ? 'perAddress' : 'perIssuer'
  return { reason: 'verification_budget', scope, rule: `gateway.verificationBudget.${setting}` }
}
