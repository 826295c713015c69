import { type ApiConfig, type Config, type ConfigPath, formatConfigPath } from '@jotgate/contract'
import { toClaimPath } from '../domain/read-claim.ts'
import { checkPolicies } from './check-policies.ts'
import { mutableClaims } from './compile-requirements.ts'
import type { GrantsPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

type Protected = Exclude<ApiConfig['access'], 'public'>

/** Which policies a caller of an API has; undefined: the API asks for none. */
export function compileGrants(
  id: string,
  config: Config,
  { issuers, policy, scopes }: Protected,
  path: ConfigPath,
  problems: ProblemList,
): GrantsPlan | undefined {
  if (policy === undefined && scopes === undefined) return undefined
  // A claim counts where `policy` is written, never because `scopes` is.
  const { claim = false, default: defaults = [], merge = 'permissive' } = policy ?? {}
  checkSource(id, config, claim, defaults, scopes, path, problems)
  checkMutable(claim, [...path, 'policy', 'claim'], problems)
  checkMutable(scopes?.claim ?? false, [...path, 'scopes', 'claim'], problems)
  if (issuers.length > 1) {
    const message = 'each of these issuers may name every policy'
    const hint = 'give issuers you trust less an API of their own'
    problems.warn([...path, 'issuers'], 'policy_several_issuers', message, hint)
  }
  checkPolicies(id, config, defaults, (index) => [...path, 'policy', 'default', index], problems)
  const added = Object.entries(scopes?.policies ?? {}).map(([scope, ids]) => {
    const list = typeof ids === 'string' ? [ids] : ids
    const at = [...path, 'scopes', 'policies', scope]
    checkPolicies(id, config, list, (index) => (typeof ids === 'string' ? at : [...at, index]), problems)
    return [scope, list] as const
  })
  return {
    rule: formatConfigPath([...path, policy === undefined ? 'scopes' : 'policy']),
    claim: claim === false ? undefined : toClaimPath(claim),
    defaults,
    merge,
    scopes:
      scopes === undefined
        ? undefined
        : {
            rule: formatConfigPath([...path, 'scopes']),
            claim: toClaimPath(scopes.claim),
            policies: added,
            keepDefaults: scopes.defaults === 'keep',
          },
  }
}

function checkSource(
  id: string,
  config: Config,
  claim: string | false,
  defaults: readonly string[],
  scopes: Protected['scopes'],
  path: ConfigPath,
  problems: ProblemList,
): void {
  if (claim === false && defaults.length === 0 && scopes === undefined && !isSubscribed(id, config)) {
    const hint = 'name a `claim`, a `default`, `scopes`, or policies in a subscription'
    problems.error([...path, 'policy'], 'policy_source', 'no caller could ever have a policy', hint)
  }
  if (scopes !== undefined && claim !== false && scopes.claim === claim) {
    const hint = 'give each its own claim'
    problems.error([...path, 'scopes', 'claim'], 'contradiction', 'one claim cannot hold policies and scopes', hint)
  }
  if (scopes?.defaults === 'drop' && defaults.length === 0) {
    const hint = 'write `policy.default`, or leave `defaults` out'
    problems.warn([...path, 'scopes', 'defaults'], 'nothing_to_drop', 'there is no `policy.default` to drop', hint)
  }
}

/** Whether an application brings policies of its own to this API. */
function isSubscribed(id: string, config: Config): boolean {
  let apis = apisWithPolicies.get(config)
  if (apis === undefined) {
    const subscriptions = Object.values(config.applications).flatMap((application) => application.subscriptions)
    apis = new Set(subscriptions.flatMap(({ api, policies }) => (policies === undefined ? [] : [api])))
    apisWithPolicies.set(config, apis)
  }
  return apis.has(id)
}

/** Found once for each configuration: there may be thousands of APIs that ask, and of applications. */
const apisWithPolicies: WeakMap<Config, ReadonlySet<string>> = new WeakMap()

/** S27: what its holder may change would let him choose his rights. */
function checkMutable(claim: string | false, path: ConfigPath, problems: ProblemList): void {
  if (claim === false || !mutableClaims.includes(claim)) return
  const hint = 'decide by a claim the provider alone writes, such as a role'
  if (claim === 'email')
    problems.error(path, 'mutable_claim', 'an address its holder may change decides what he may do', hint)
  else problems.warn(path, 'mutable_claim', `\`${claim}\` can change hands and decides what its holder may do`, hint)
}
