import type { ClaimMatch } from '../../compile/claim-index.ts'
import { identifyOf } from '../../compile/identify-of.ts'
import type { IdentifyPlan } from '../../compile/plan.ts'
import type { CompiledApi, CompiledApplication, Snapshot } from '../../compile/snapshot.ts'
import type { Claims } from '../../domain/claims.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'

/** What a caller showed, checked as far as it can be without knowing applications. */
export interface Credentials {
  /** Of a verified token, and the issuer entry that vouches for it; undefined: there is none. */
  readonly token: { readonly claims: Claims; readonly issuerId: string } | undefined
  /** Hash of the API key; undefined: there is none. */
  readonly apiKeyHash: string | undefined
}

type Found = Result<CompiledApplication | undefined, Reject>

const nobody: Found = ok(undefined)

/**
 * Step 12: which application is calling. A bad credential refuses whatever a good one beside it says, and two that name
 * different applications do too (S26). One that is suspended or pending is found like any other, and refused: nothing less
 * specific takes its place. Undefined: this API does not ask, the caller may be nobody (`allowAnonymous`), or no
 * application claims him (`relax`).
 */
export function identify(
  { token, apiKeyHash }: Credentials,
  api: CompiledApi,
  { claimIndex, apiKeys }: Pick<Snapshot, 'claimIndex' | 'apiKeys'>,
  nowMs: number,
): Found {
  const plan = identifyOf(api.plan)
  if (plan === undefined) return nobody

  const byKey = apiKeyHash === undefined ? nobody : findByKey(apiKeyHash, api, plan, apiKeys, nowMs)
  if (!byKey.ok) return byKey
  const asksClaims = plan.byClaims && token !== undefined
  const byClaims = asksClaims ? findByClaims(token, api, plan, claimIndex) : nobody
  if (!byClaims.ok && !isOutspoken(byClaims.error, byKey.value, plan)) return byClaims
  const claimed = byClaims.ok ? byClaims.value : undefined

  if (plan.connector === 'and' && byKey.value === undefined) return keyMissing(plan)
  if (plan.connector === 'and' && claimed === undefined) return unidentified(plan)
  const application = byKey.value ?? claimed
  if (application === undefined) return asksClaims || plan.allowAnonymous ? nobody : keyMissing(plan)
  if (claimed !== undefined && claimed !== application) return ambiguous([application, claimed], plan.rule)
  const { id, status, rule } = application.plan
  return status === 'active'
    ? ok(application)
    : err({ reason: 'application_inactive', application: id, status, rule: `${rule}.status` })
}

/** A good token that is nobody's stands in the way of no API key, where one of the two is enough. */
function isOutspoken({ reason }: Reject, byKey: CompiledApplication | undefined, { connector }: IdentifyPlan): boolean {
  return reason === 'application_unidentified' && byKey !== undefined && connector === 'or'
}

function findByKey(
  hash: string,
  api: CompiledApi,
  plan: IdentifyPlan,
  apiKeys: Snapshot['apiKeys'],
  nowMs: number,
): Found {
  const found = apiKeys.get(hash)
  if (found === undefined) return err({ reason: 'api_key_invalid', fault: 'unknown', rule: plan.rule })
  const { application } = found
  const { id, validUntilMs, rule } = found.plan
  if (validUntilMs !== undefined && nowMs >= validUntilMs) {
    const at = `${rule}.validUntil`
    return err({
      reason: 'api_key_expired',
      application: application.plan.id,
      key: id,
      untilMs: validUntilMs,
      rule: at,
    })
  }
  return plan.lookup !== 'strict' || isSubscribed(application, api) ? ok(application) : notSubscribed(application, plan)
}

/** The set with the most claims decides; two applications that match as many are told apart by nobody. */
function findByClaims(
  { claims, issuerId }: NonNullable<Credentials['token']>,
  api: CompiledApi,
  plan: IdentifyPlan,
  index: Snapshot['claimIndex'],
): Found {
  const matches = index.find(claims, issuerId)
  const eligible =
    plan.lookup === 'strict' ? matches.filter(({ application }) => isSubscribed(application, api)) : matches
  const size = eligible.reduce((most, { set }) => Math.max(most, set.match.length), 0)
  const [first, ...others] = eligible.filter(({ set }) => set.match.length === size)
  if (first === undefined) return strangers(matches, plan)
  const rival = others.find(({ application }) => application !== first.application)
  return rival === undefined ? ok(first.application) : ambiguous([first.application, rival.application], first.set.rule)
}

function strangers([stranger]: readonly ClaimMatch[], plan: IdentifyPlan): Found {
  if (stranger !== undefined) return notSubscribed(stranger.application, plan)
  return plan.lookup === 'relax' ? nobody : unidentified(plan)
}

function isSubscribed({ subscriptions }: CompiledApplication, api: CompiledApi): boolean {
  return subscriptions.has(api.plan.id)
}

function keyMissing({ apiKey, rule }: IdentifyPlan): Found {
  return err({ reason: 'api_key_missing', place: apiKey === undefined ? '' : `${apiKey.kind} ${apiKey.name}`, rule })
}

function unidentified({ rule }: IdentifyPlan): Found {
  return err({ reason: 'application_unidentified', rule })
}

function notSubscribed({ plan }: CompiledApplication, { rule }: IdentifyPlan): Found {
  return err({ reason: 'not_subscribed', application: plan.id, rule })
}

function ambiguous(applications: readonly CompiledApplication[], rule: string): Found {
  return err({ reason: 'application_ambiguous', applications: applications.map(({ plan }) => plan.id), rule })
}
