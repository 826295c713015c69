import type { CompiledApi } from '../compile/snapshot.ts'
import type { Claims } from '../domain/claims.ts'
import { freezeJson } from '../domain/freeze-json.ts'
import { shareLayout } from '../domain/share-layout.ts'
import type { UnverifiedToken, VerifiedToken } from '../domain/token.ts'

/**
 * Tokens whose exact bytes were verified before (S9, hot-path rule 5). An entry says one thing: "these bytes were
 * signed by that key, for that issuer entry". It never holds a refusal, a decision, an application or a policy; every
 * rule runs again on a hit, and the key is looked up again, so that a key that left its set ends its tokens at once.
 */
export interface TokenCache {
  readonly find: (compact: string) => CachedToken | undefined
  /** Whether these bytes were seen before: a token is kept from its second use on. */
  readonly admits: (compact: string) => boolean
  /** Keeps a token whose `compact` is a flat copy (`flatCopy`). Undefined: it is too large to keep. */
  readonly put: (verified: VerifiedToken, token: UnverifiedToken) => CachedToken | undefined
  readonly size: () => number
  /** Tokens taken in so far. */
  readonly admitted: () => number
  /** Tokens that left for another one so far. */
  readonly evicted: () => number
}

export interface CachedToken {
  readonly token: UnverifiedToken
  readonly verified: VerifiedToken
  /** What depends on the token and an API alone. */
  claimHeaders: { readonly api: CompiledApi; readonly block: string } | undefined
  subjectHash: string | undefined
  /** Second chance of the clock hand. */
  referenced: boolean
  slot: number
}

export interface TokenCacheBounds {
  readonly entriesMax: number
  /** Approximate heap held by tokens and their claims. */
  readonly bytesMax: number
  /** Longest run of entries one issuer may hold, as a share of `entriesMax` in (0, 1]. */
  readonly issuerShare: number
}

/** The last characters of a signature are as good as random and cheap to hash. */
const bucketChars = 43
/** Fingerprints of tokens seen once, a few a bucket: with one, two tokens could bar each other for ever. */
const seenBuckets = 1 << 14
const seenWays = 4

/** Heap per entry beside its text: claims object, header object, map slot. */
const entryOverheadBytes = 1_024

/** Evicts by the clock algorithm: a hit costs one store, no list is relinked. */
export function createTokenCache(bounds: TokenCacheBounds): TokenCache {
  const buckets = new Map<string, CachedToken>()
  const slots: (CachedToken | undefined)[] = new Array(bounds.entriesMax).fill(undefined)
  const perIssuer = new Map<string, number>()
  const seenOnce = new Uint32Array(seenBuckets * seenWays)
  const issuerEntriesMax = Math.max(1, Math.floor(bounds.entriesMax * bounds.issuerShare))
  let hand = 0
  let turn = 0
  let bytes = 0
  let admittedCount = 0
  let evictedCount = 0

  function find(compact: string): CachedToken | undefined {
    const entry = buckets.get(compact.slice(-bucketChars))
    if (entry === undefined || entry.token.compact !== compact) return undefined
    entry.referenced = true
    return entry
  }

  function admits(compact: string): boolean {
    const mark = fingerprint(compact)
    const first = (mark % seenBuckets) * seenWays
    for (let way = first; way < first + seenWays; way++) {
      if (seenOnce[way] !== mark) continue
      seenOnce[way] = 0
      return true
    }
    // Not the oldest: tokens that come round in turn would then push each other out for ever.
    turn++
    seenOnce[first + (turn % seenWays)] = mark
    return false
  }

  function put(verified: VerifiedToken, token: UnverifiedToken): CachedToken | undefined {
    const cost = costOf(token.compact)
    if (cost > bounds.bytesMax) return undefined
    const key = flatCopy(token.compact.slice(-bucketChars))
    const before = buckets.get(key)
    if (before !== undefined) remove(before)
    const held = perIssuer.get(verified.issuerId) ?? 0
    if (held >= issuerEntriesMax) evictOne(verified.issuerId)
    while (bytes + cost > bounds.bytesMax) evictOne(undefined)
    const slot = freeSlot()
    const entry: CachedToken = {
      verified,
      token,
      claimHeaders: undefined,
      subjectHash: undefined,
      referenced: false,
      slot,
    }
    slots[slot] = entry
    buckets.set(key, entry)
    bytes += cost
    admittedCount++
    perIssuer.set(verified.issuerId, (perIssuer.get(verified.issuerId) ?? 0) + 1)
    return entry
  }

  function freeSlot(): number {
    if (slots[hand] !== undefined) evictOne(undefined)
    const slot = hand
    hand = (hand + 1) % slots.length
    return slot
  }

  /** Moves the hand to an entry without a second chance (of `issuerId`, when given) and removes it. */
  function evictOne(issuerId: string | undefined): void {
    for (let steps = 0; steps <= 2 * slots.length; steps++) {
      const entry = slots[hand]
      const candidate = entry !== undefined && (issuerId === undefined || entry.verified.issuerId === issuerId)
      if (candidate && !entry.referenced) {
        remove(entry)
        evictedCount++
        return
      }
      if (candidate) entry.referenced = false
      hand = (hand + 1) % slots.length
    }
  }

  function remove(entry: CachedToken): void {
    buckets.delete(entry.token.compact.slice(-bucketChars))
    slots[entry.slot] = undefined
    bytes -= costOf(entry.token.compact)
    perIssuer.set(entry.verified.issuerId, (perIssuer.get(entry.verified.issuerId) ?? 1) - 1)
  }

  return {
    find,
    admits,
    put,
    size: () => buckets.size,
    admitted: () => admittedCount,
    evicted: () => evictedCount,
  }
}

function costOf(compact: string): number {
  return entryOverheadBytes + 3 * compact.length
}

/** A substring keeps the whole buffer it was read from alive; this one owns its characters. */
export function flatCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

/** From Node 24 on frozen objects without prototype share their layouts by themselves, and a copy would be larger. */
const layoutsAreShared = Number.parseInt(process.versions.node, 10) >= 24

/** Claims in the form that is cheapest to keep, frozen, so that no rule of a later request reads what another changed. */
export function keptClaims(claims: Claims): Claims {
  return layoutsAreShared ? freezeJson(claims) : shareLayout(claims)
}

/** 32 bits out of the signature's last characters. A clash admits one token a use early, nothing else. */
function fingerprint(compact: string): number {
  let hash = 0x811c9dc5
  for (let i = Math.max(0, compact.length - 24); i < compact.length; i++) {
    hash = Math.imul(hash ^ compact.charCodeAt(i), 0x01000193)
  }
  return hash >>> 0
}
