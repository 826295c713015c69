import { type AccessConfig, type ApiConfig, type ConfigPath, formatConfigPath } from '@jotgate/contract'
import { foldHeaderName } from '../domain/header-name.ts'
import type { CompilePorts } from './compile-ports.ts'
import type { ApiKeyPlace, IdentifyPlan, TokenPlace } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

type ProtectedConfig = Exclude<AccessConfig, 'public'>
type IdentifyConfig = NonNullable<ProtectedConfig['identify']>

/** How callers' applications are found on an API; undefined: nobody asks. `places`: where its tokens are. */
export function compileIdentify(
  id: string,
  api: ApiConfig,
  places: readonly TokenPlace[],
  ports: CompilePorts,
  problems: ProblemList,
): IdentifyPlan | undefined {
  const { access } = api
  if (access === 'public') return undefined
  const path = ['apis', id, 'access']
  const { identify } = access
  if (identify === undefined) {
    if (access.issuers.length === 0) reportNobody(path, problems)
    return undefined
  }
  const at = [...path, 'identify']
  const byClaims = identify.by.includes('jwtClaims')
  const byKey = identify.by.includes('apiKey')
  const byOwnTokens = identify.by.includes('jwtKey')
  if (access.issuers.length === 0) checkWithoutIssuers(id, api, access, identify, problems)
  checkWays(identify, at, problems)
  checkForwardedClaims(id, api, access, problems)
  checkSelfAsserted(access, byOwnTokens, [...path, 'trustSelfAsserted'], problems)
  return {
    rule: formatConfigPath(at),
    lookup: identify.lookup,
    byClaims,
    byOwnTokens,
    apiKey: byKey ? compilePlace(identify, places, [...at, 'apiKey'], ports, problems) : undefined,
    connector: identify.connector,
    allowAnonymous: identify.allowAnonymous,
  }
}

function reportNobody(path: ConfigPath, problems: ProblemList): void {
  const hint = 'list the issuers whose tokens are accepted, or write `identify: { by: [apiKey] }`'
  problems.error([...path, 'issuers'], 'issuers_missing', '`issuers` is required: who may vouch for a caller?', hint)
}

/** Without issuers nobody's claims are believed but those an API lists: nothing else may be asked of a token. */
function checkWithoutIssuers(
  id: string,
  { routes, forward }: ApiConfig,
  { require, policy, scopes, trustSelfAsserted }: ProtectedConfig,
  { by }: IdentifyConfig,
  problems: ProblemList,
): void {
  const path = ['apis', id]
  if (by.includes('jwtClaims')) {
    reportNobody([...path, 'access'], problems)
    return
  }
  if (trustSelfAsserted.length > 0) return
  const refuse = (at: ConfigPath, hint = 'list `issuers`, or drop it'): void =>
    problems.error([...path, ...at], 'token_not_asked', 'without issuers nobody is believed who could say so', hint)
  const { audiences, claims, scopes: asked } = require
  if (audiences !== undefined || asked !== undefined || claims.length > 0) refuse(['access', 'require'])
  if (scopes !== undefined) refuse(['access', 'scopes'])
  if (policy !== undefined && policy.claim !== false) {
    refuse(['access', 'policy'], 'write `claim: false`: policies then come from subscriptions and `default`')
  }
  for (const [index, route] of routes.entries()) if (route.require !== undefined) refuse(['routes', index, 'require'])
  if (Object.keys(forward.claims).length > 0) refuse(['forward', 'claims'])
}

function checkWays(identify: IdentifyConfig, path: ConfigPath, problems: ProblemList): void {
  const { by, connector, allowAnonymous, apiKey, lookup } = identify
  if (lookup === 'relax' && !by.includes('jwtClaims') && !by.includes('jwtKey')) {
    const hint = 'add `jwtClaims` to `by`, or write `open`'
    problems.error([...path, 'lookup'], 'contradiction', '`relax` is for tokens no application claims', hint)
  }
  if (new Set(by).size !== by.length) {
    problems.error([...path, 'by'], 'identify_duplicate', `\`${by[0]}\` is named twice`)
  }
  if (connector === 'and' && (by.length < 2 || !by.includes('apiKey'))) {
    problems.error(
      [...path, 'connector'],
      'contradiction',
      '`and` needs a token and an API key in `by`',
      'name both, or drop it',
    )
  }
  if (apiKey !== undefined && !by.includes('apiKey')) {
    const hint = 'add `apiKey` to `by`, or drop it'
    problems.error([...path, 'apiKey'], 'contradiction', 'no API key is looked for', hint)
  }
  if (!allowAnonymous) return
  if (connector === 'and') {
    const hint = 'drop one of them'
    problems.error([...path, 'allowAnonymous'], 'contradiction', '`and` asks for both credentials', hint)
  } else {
    problems.warn([...path, 'allowAnonymous'], 'anonymous_allowed', 'callers without any credential are let through')
  }
}

/** Whoever brings no token fills no header: an upstream must not take that for somebody else. */
function checkForwardedClaims(
  id: string,
  { forward }: ApiConfig,
  { issuers, identify }: ProtectedConfig,
  problems: ProblemList,
): void {
  const { by = [], connector, allowAnonymous } = identify ?? {}
  const needless = allowAnonymous === true || (by.includes('apiKey') && by.length > 1 && connector === 'or')
  if (!needless || issuers.length === 0 || Object.keys(forward.claims).length === 0) return
  const message = 'a caller without a token is let in here, and these headers are then missing'
  const hint = 'let the upstream ask for `forward.application` instead'
  problems.warn(['apis', id, 'forward', 'claims'], 'claims_without_token', message, hint)
}

/** S25: what an application says of itself in a token it signed is anybody's guess. */
function checkSelfAsserted(
  { trustSelfAsserted }: ProtectedConfig,
  byOwnTokens: boolean,
  path: ConfigPath,
  problems: ProblemList,
): void {
  if (trustSelfAsserted.length === 0) return
  if (!byOwnTokens) {
    const hint = 'add `jwtKey` to `identify.by`, or drop it'
    problems.error(path, 'contradiction', 'no application signs tokens for this API', hint)
  } else {
    const message = `applications may say of themselves: ${trustSelfAsserted.join(', ')}`
    problems.warn(path, 'self_asserted_trusted', message, 'let `subscriptions` decide instead')
  }
}

const reservedNames = /^(authorization|cookie|set-cookie|origin|dpop|content-.*|sec-.*)$/
const defaultHeader = 'x-api-key'

function compilePlace(
  { apiKey = { header: defaultHeader } }: IdentifyConfig,
  places: readonly TokenPlace[],
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): ApiKeyPlace {
  const place: ApiKeyPlace =
    'header' in apiKey ? { kind: 'header', name: apiKey.header.toLowerCase() } : { kind: 'query', name: apiKey.query }
  const { kind, name } = place
  if (kind === 'query') {
    const message = 'API keys in a query end up in histories and in the logs of others'
    problems.warn(path, 'api_key_in_query', message, 'prefer a header')
    if (name === 'access_token') {
      const hint = 'use another name, such as api_key'
      problems.error(path, 'contradiction', '`access_token` is where tokens are looked for (RFC 6750 2.3)', hint)
    }
  } else if (ports.headerClass(name) !== undefined || reservedNames.test(foldHeaderName(name))) {
    problems.error(path, 'header_reserved', `an API key cannot come in \`${name}\``, 'use x-api-key or the like')
  }
  const same = (other: TokenPlace): boolean =>
    other.kind === kind &&
    (kind === 'query' ? other.name === name : foldHeaderName(other.name) === foldHeaderName(name))
  if (places.some(same)) {
    problems.error(path, 'contradiction', `${kind} \`${name}\` carries the token`, 'give each its own place')
  }
  return place
}
