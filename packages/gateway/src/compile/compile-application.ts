import { type ApplicationConfig, type ConfigPath, formatConfigPath } from '@jotgate/contract'
import { toClaimPath } from '../domain/read-claim.ts'
import { compileOwnTokens } from './compile-own-tokens.ts'
import type { CompilePorts } from './compile-ports.ts'
import { mutableClaims } from './compile-requirements.ts'
import type { ApiKeyPlan, ApplicationPlan, ClaimSetPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

type ClaimSetConfig = NonNullable<ApplicationConfig['claims']>[number]

/** One application by itself; what holds between it and the rest, the checks see. */
export function compileApplication(
  id: string,
  application: ApplicationConfig,
  ports: CompilePorts,
  problems: ProblemList,
): ApplicationPlan {
  const path = ['applications', id]
  const { name = id, owner, status, metadata, claims = [], tokens, apiKeys = [], subscriptions } = application
  if (claims.length === 0 && tokens === undefined && apiKeys.length === 0) {
    const hint = 'write `claims`, which the tokens of its issuer carry, `tokens` with a key of its own, or `apiKeys`'
    problems.warn(path, 'application_unknowable', 'nothing tells this application from others', hint)
  }
  return {
    id,
    rule: formatConfigPath(path),
    name,
    owner,
    status,
    metadata: Object.entries(metadata),
    claimSets: claims.map((set, index) => compileClaimSet(set, [...path, 'claims', index], problems)),
    tokens: tokens === undefined ? undefined : compileOwnTokens(id, tokens, [...path, 'tokens'], ports, problems),
    apiKeys: apiKeys.map((key, index) => compileApiKey(key, [...path, 'apiKeys', index], ports, problems)),
    subscriptions: subscriptions.map(({ api, policies }) => ({ apiId: api, policies: policies ?? [] })),
  }
}

function compileApiKey(
  { id, hash, validUntil }: NonNullable<ApplicationConfig['apiKeys']>[number],
  path: ConfigPath,
  { isPast }: Pick<CompilePorts, 'isPast'>,
  problems: ProblemList,
): ApiKeyPlan {
  if (validUntil !== undefined && isPast(validUntil)) {
    const hint = 'drop the key, or give it another end'
    problems.warn([...path, 'validUntil'], 'api_key_ended', 'this time is past: the key is refused', hint)
  }
  return { id, rule: formatConfigPath(path), hash, validUntilMs: validUntil }
}

/** Claims in order of name, so that sets of the same claims are alike. */
function compileClaimSet({ issuer, match }: ClaimSetConfig, path: ConfigPath, problems: ProblemList): ClaimSetPlan {
  checkMutable(match, [...path, 'match'], problems)
  for (const [claim, value] of Object.entries(match)) {
    const at = [...path, 'match', claim]
    if (value === '') {
      problems.error(at, 'claim_value', 'an empty text names nobody', 'write the value, or drop it')
    } else if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      const hint = 'have the provider write it as text'
      problems.error(at, 'claim_value', 'a whole number beyond 2^53 is read as its neighbours are (RFC 8259 6)', hint)
    }
  }
  const claims = Object.entries(match).map(([claim, value]) => ({ path: toClaimPath(claim), value }))
  return {
    rule: formatConfigPath(path),
    issuerId: issuer,
    match: claims.sort((a, b) => (a.path.text < b.path.text ? -1 : 1)),
  }
}

/** S27: what its holder may change would let him become another application. */
function checkMutable(match: ClaimSetConfig['match'], path: ConfigPath, problems: ProblemList): void {
  for (const claim of Object.keys(match)) {
    if (!mutableClaims.includes(claim)) continue
    if (claim === 'email' && match.email_verified !== true) {
      const hint = 'add `email_verified: true`, or know it by `sub` or `azp`'
      problems.error([...path, claim], 'email_unverified', 'an address nobody verified tells who is calling', hint)
    } else {
      const message = `\`${claim}\` can change hands and tells who is calling`
      problems.warn([...path, claim], 'mutable_claim', message, 'know it by `sub`, `azp` or `client_id`')
    }
  }
}
