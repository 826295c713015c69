import type { Config, ConfigPath, IssuerConfig } from '@jotgate/contract'
import { formatConfigPath } from '@jotgate/contract'
import type { IssuerMatch } from '../domain/issuer-match.ts'
import { toClaimPath } from '../domain/read-claim.ts'
import { checkUrl } from './check-url.ts'
import { compileIssuerMatch } from './compile-issuer-match.ts'
import type { CompilePorts } from './compile-ports.ts'
import { checkAlgorithmsCarried, issuerAlgorithms } from './issuer-algorithms.ts'
import { issuerKeys, keyQuality, listed } from './issuer-keys.ts'
import type { IntrospectionPlan, IssuerPlan, KeySourcePlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** What one issuer entry becomes; `plan` is undefined when the entry has problems that leave nothing to check APIs against. */
export interface CompiledIssuerConfig {
  readonly plan: IssuerPlan | undefined
  readonly keySource: KeySourcePlan | undefined
  readonly introspection: IntrospectionPlan | undefined
}

/** One issuer entry: whose tokens, by which keys, on what terms. */
export function compileIssuer(
  id: string,
  config: Config,
  issuer: IssuerConfig,
  ports: CompilePorts,
  problems: ProblemList,
): CompiledIssuerConfig {
  const path = ['issuers', id]
  warnOfLoosenings(issuer, path, problems)
  checkTerms(issuer, path, problems)
  const match = compileIssuerMatch(issuer, path, problems)
  const algorithmBits = issuerAlgorithms(issuer, path, problems)
  const keySource = remoteKeys(id, config, issuer, algorithmBits, match, ports, problems)
  const introspection = compileIntrospection(id, issuer, ports, problems)
  const quality = keyQuality(issuer, algorithmBits)
  const keys =
    issuer.keys === undefined || algorithmBits === 0
      ? []
      : issuerKeys(issuer.keys, quality, [...path, 'keys'], ports, problems)
  const fetched = issuer.keys?.discovery !== undefined || issuer.keys?.jwksUri !== undefined
  if (keys !== undefined && !fetched && algorithmBits !== 0 && Object.keys(issuer.keys ?? {}).length > 0) {
    checkAlgorithmsCarried(issuer, keys, path, problems)
    if (keys.length === 0) problems.error([...path, 'keys'], 'no_usable_key', 'none of these keys can be used')
  }
  if (match === undefined) return { plan: undefined, keySource, introspection }
  const plan: IssuerPlan = {
    id,
    rule: formatConfigPath(path),
    match,
    trust: issuer.keys === undefined ? 'introspection' : introspection === undefined ? 'keys' : 'both',
    algorithmBits,
    keys: keys ?? [],
    remoteKeys: keySource !== undefined,
    introspection: introspection === undefined ? undefined : { timeoutMs: introspection.timeoutMs },
    audiences: issuer.audiences,
    iatSkewSeconds: issuer.clockSkew.iat / 1000,
    nbfSkewSeconds: issuer.clockSkew.nbf / 1000,
    expSkewSeconds: issuer.clockSkew.exp / 1000,
    requireExp: issuer.requireExp,
    maxLifetimeSeconds: issuer.maxLifetime === undefined ? undefined : issuer.maxLifetime / 1000,
    requireClaims: issuer.requireClaims.map(toClaimPath),
    accept: issuer.accept,
  }
  return { plan, keySource, introspection }
}

/** Each loosening an operator may name, and what it means; listed by `check` and at every start. */
const loosenings = [
  ['requireIssuer', false, 'issuer_not_required', 'tokens are taken without looking at `iss`'],
  ['anyTenant', true, 'any_tenant', 'every tenant of the pattern is trusted'],
  ['anyAudience', true, 'any_audience', 'tokens meant for somebody else are taken too'],
  ['requireExp', false, 'exp_not_required', 'tokens may live for ever'],
  ['accept', 'idToken', 'id_tokens_accepted', 'ID tokens are taken; they say who logged in, not what may be called'],
  ['allowWeakSecret', true, 'weak_secret_allowed', 'a secret shorter than its hash may be guessed offline'],
  ['allowSampleKey', true, 'sample_key_allowed', 'anybody who read the same documentation may sign'],
  ['allowInsecureHttp', true, 'insecure_http_allowed', 'keys may be fetched over plain http'],
  ['allowExpiredCertificate', true, 'expired_certificate_allowed', 'certificates are used outside their validity'],
  ['allowSmallExponent', true, 'small_exponent_allowed', 'RSA keys with public exponent 3 are used'],
  ['allowLargeRsa', true, 'large_rsa_allowed', 'RSA keys above 4096 bits are used; each token costs more'],
] as const satisfies readonly (readonly [keyof IssuerConfig, unknown, string, string])[]

function warnOfLoosenings(issuer: IssuerConfig, path: ConfigPath, problems: ProblemList): void {
  for (const [key, loose, code, message] of loosenings) {
    if (issuer[key] === loose) problems.warn([...path, key], code, message)
  }
}

function checkTerms(issuer: IssuerConfig, path: ConfigPath, problems: ProblemList): void {
  const { keys } = issuer
  if (keys === undefined ? issuer.introspection === undefined : Object.keys(keys).length === 0) {
    const hint = 'write `keys: { discovery: true }`, a key, or `introspection`'
    problems.error(
      keys === undefined ? path : [...path, 'keys'],
      'keys_missing',
      'nothing to check its tokens with',
      hint,
    )
  }
  if (issuer.anyAudience && issuer.audiences !== undefined) {
    problems.error(
      [...path, 'anyAudience'],
      'contradiction',
      '`audiences` are listed and any is taken',
      'drop one of them',
    )
  }
  if (!issuer.requireExp && issuer.maxLifetime !== undefined) {
    problems.error([...path, 'requireExp'], 'contradiction', '`maxLifetime` needs `exp`', 'drop one of them')
  }
}

function remoteKeys(
  id: string,
  config: Config,
  issuer: IssuerConfig,
  algorithmBits: number,
  match: IssuerMatch | undefined,
  ports: CompilePorts,
  problems: ProblemList,
): KeySourcePlan | undefined {
  const path = ['issuers', id, 'keys']
  const uris = listed(issuer.keys?.jwksUri, [...path, 'jwksUri'])
  for (const [at, uri] of uris) checkUrl(uri, issuer.allowInsecureHttp, at, ports, problems)
  const discovery = compileDiscovery(issuer, match, [...path, 'discovery'], ports, problems)
  if (uris.length === 0 && discovery === undefined) return undefined
  return {
    issuerId: id,
    rule: formatConfigPath(path),
    jwksUris: uris.map(([, uri]) => uri),
    discovery,
    ttlMs: issuer.jwks.ttl,
    cooldownMs: issuer.jwks.cooldown,
    maxStaleMs: issuer.jwks.maxStale,
    timeoutMs: issuer.jwks.timeout,
    allowInsecureHttp: issuer.allowInsecureHttp,
    allowPrivate: config.gateway.outbound.allowPrivate,
    quality: keyQuality(issuer, algorithmBits),
  }
}

/** The metadata document and the `issuer` it must state (RFC 8414 3.3). */
function compileDiscovery(
  issuer: IssuerConfig,
  match: IssuerMatch | undefined,
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): KeySourcePlan['discovery'] {
  const given = issuer.keys?.discovery
  if (given === undefined || (match === undefined && issuer.issuer !== undefined)) return undefined
  if (issuer.issuer === undefined) {
    const hint = 'the document must state the issuer it is for: write `issuer`, or use `jwksUri`'
    problems.error(path, 'discovery_issuer', 'discovery needs `issuer`', hint)
    return undefined
  }
  if (given === true && (match?.kind !== 'exact' || !/^https?:\/\//.test(issuer.issuer))) {
    const hint = 'write the URL of the metadata document: `discovery: https://…/.well-known/openid-configuration`'
    problems.error(path, 'discovery_issuer', '`discovery: true` starts from an exact issuer URL', hint)
    return undefined
  }
  const url = given === true ? `${issuer.issuer.replace(/\/$/, '')}/.well-known/openid-configuration` : given
  checkUrl(url, issuer.allowInsecureHttp, path, ports, problems)
  return { url, issuer: issuer.issuer }
}

function compileIntrospection(
  id: string,
  issuer: IssuerConfig,
  ports: CompilePorts,
  problems: ProblemList,
): IntrospectionPlan | undefined {
  const given = issuer.introspection
  if (given === undefined) return undefined
  const path = ['issuers', id, 'introspection']
  checkUrl(given.endpoint, issuer.allowInsecureHttp, [...path, 'endpoint'], ports, problems)
  return {
    issuerId: id,
    rule: formatConfigPath(path),
    endpoint: given.endpoint,
    clientId: given.clientId,
    clientSecret: given.clientSecret,
    timeoutMs: given.timeout,
    cacheMs: given.cache,
    negativeCacheMs: given.negativeCache,
    allowInsecureHttp: issuer.allowInsecureHttp,
  }
}
