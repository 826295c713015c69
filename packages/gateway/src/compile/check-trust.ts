import type { ApiConfig, Config, ConfigPath } from '@jotgate/contract'
import type { IssuerMatch } from '../domain/issuer-match.ts'
import { issuersOverlap } from './issuer-overlap.ts'
import type { IssuerPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/**
 * What holds between an API and its issuers: each exists and is named once, every pair has an audience (S1), no `iss`
 * belongs to two (S4), and a forwarded `sub` is told apart by its `iss` (S11).
 */
export function checkTrust(
  apiId: string,
  config: Config,
  api: ApiConfig,
  issuers: ReadonlyMap<string, IssuerPlan | undefined>,
  problems: ProblemList,
): void {
  if (api.access === 'public') return
  const path = ['apis', apiId, 'access', 'issuers']
  const ids = api.access.issuers
  ids.forEach((id, index) => {
    const at = [...path, index]
    if (!issuers.has(id)) {
      const known = [...issuers.keys()]
      const hint =
        known.length === 0 ? 'there is none yet: add it under `issuers`' : `known are ${known.slice(0, 10).join(', ')}`
      problems.error(at, 'issuer_unknown', `there is no issuer \`${id}\``, hint)
    } else if (ids.indexOf(id) !== index) problems.error(at, 'issuer_duplicate', `\`${id}\` is named twice`)
    else checkAudience(config, api, id, at, problems)
  })
  const known = [...new Set(ids)].flatMap((id) => {
    const plan = issuers.get(id)
    return plan === undefined ? [] : [plan]
  })
  checkOverlap(known, ids, path, problems)
  checkRouteAudiences(apiId, config, api, problems)
  if (known.some(({ match }) => severalIss(match)) || ids.length > 1) checkSubject(apiId, api, known, problems)
  if (known.filter(({ introspection }) => introspection !== undefined).length > 1) {
    const message = 'an opaque token is shown to each of these providers until one knows it'
    problems.warn(path, 'several_introspections', message, 'keep one introspecting issuer an API')
  }
}

const audienceHint =
  'write `audiences` on the issuer, or `require.audiences` on the API; `anyAudience: true` takes tokens meant for others'

function checkAudience(
  config: Config,
  api: ApiConfig,
  issuerId: string,
  path: ConfigPath,
  problems: ProblemList,
): void {
  if (api.access === 'public' || api.access.require.audiences !== undefined || hasAudience(config, issuerId)) return
  problems.error(path, 'audience_missing', `no audience is asked of tokens of \`${issuerId}\` here`, audienceHint)
}

function hasAudience(config: Config, issuerId: string): boolean {
  const issuer = Object.hasOwn(config.issuers, issuerId) ? config.issuers[issuerId] : undefined
  return issuer === undefined || issuer.audiences !== undefined || issuer.anyAudience
}

/** An overriding route drops the API's `require.audiences` with everything else it does not repeat. */
function checkRouteAudiences(apiId: string, config: Config, api: ApiConfig, problems: ProblemList): void {
  if (api.access === 'public' || api.access.issuers.every((id) => hasAudience(config, id))) return
  if (api.access.require.audiences === undefined) return
  for (const [index, { override, require }] of api.routes.entries()) {
    if (!override || require === undefined || require.audiences !== undefined) continue
    const path = ['apis', apiId, 'routes', index, 'require']
    problems.error(path, 'audience_missing', "this override drops the API's `require.audiences`", 'repeat them here')
  }
}

function checkOverlap(
  plans: readonly IssuerPlan[],
  ids: readonly string[],
  path: ConfigPath,
  problems: ProblemList,
): void {
  plans.forEach((plan, index) => {
    const other = plans.slice(0, index).find(({ match }) => issuersOverlap(match, plan.match))
    if (other === undefined) return
    const at = [...path, ids.indexOf(plan.id)]
    if (plan.match.kind === 'any' || other.match.kind === 'any') {
      const hint = 'give it an `issuer`, or an API of its own'
      problems.error(at, 'issuer_not_alone', 'an issuer with `requireIssuer: false` must be alone on its APIs', hint)
    } else {
      const message = `a token's \`iss\` could belong to \`${other.id}\` and to \`${plan.id}\``
      problems.error(at, 'issuer_overlap', message, 'one `iss` belongs to one issuer: merge them, or use two APIs')
    }
  })
}

function severalIss(match: IssuerMatch): boolean {
  return match.kind === 'pattern' && match.tenants?.length !== 1
}

function checkSubject(apiId: string, api: ApiConfig, plans: readonly IssuerPlan[], problems: ProblemList): void {
  const claims = Object.entries(api.forward.claims).map(
    ([header, given]) => [header, typeof given === 'string' ? given : given.claim] as const,
  )
  if (claims.some(([, claim]) => claim === 'iss')) {
    if (claims.some(([, claim]) => claim === 'sub')) checkNamed(apiId, api, plans, problems)
    return
  }
  for (const [header, claim] of claims) {
    if (claim !== 'sub') continue
    const path = ['apis', apiId, 'forward', 'claims', header]
    const message = 'several issuers may use the same `sub` for different people'
    problems.error(path, 'sub_without_iss', message, 'forward `iss` too: `X-Issuer: iss`')
  }
}

/** A missing `iss` names an issuer as long as only one of them may leave it out. */
function checkNamed(apiId: string, api: ApiConfig, plans: readonly IssuerPlan[], problems: ProblemList): void {
  if (api.access === 'public') return
  const ids = api.access.issuers
  const [first, ...others] = plans.filter(mayOmitIss)
  for (const { id } of others) {
    const message = `answers of \`${first?.id}\` and \`${id}\` without \`iss\` leave open whose \`sub\` is forwarded`
    const hint = `write \`requireClaims: [iss]\` on \`${id}\`, or give it an API of its own`
    problems.error(['apis', apiId, 'access', 'issuers', ids.indexOf(id)], 'iss_not_required', message, hint)
  }
}

/** An introspection answer need not name its issuer (RFC 7662 2.2), save where its tenant must be known. */
function mayOmitIss({ introspection, match, requireClaims }: IssuerPlan): boolean {
  return introspection !== undefined && match.kind !== 'pattern' && !requireClaims.some(({ text }) => text === 'iss')
}
