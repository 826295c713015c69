import { type ApplicationConfig, type ConfigPath, formatConfigPath, type IssuerKeysConfig } from '@jotgate/contract'
import type { KeyQuality, KeyRecord } from '../domain/key.ts'
import { toClaimPath } from '../domain/read-claim.ts'
import type { CompilePorts } from './compile-ports.ts'
import { checkAlgorithmsCarried, issuerAlgorithms } from './issuer-algorithms.ts'
import { issuerKeys } from './issuer-keys.ts'
import type { OwnTokensPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

type OwnTokensConfig = NonNullable<ApplicationConfig['tokens']>
type SigningKeyConfig = OwnTokensConfig['keys'][number]

/** On what terms an application's own tokens are taken: by default `iss`, `sub` and `aud` are all its id. */
export function compileOwnTokens(
  id: string,
  tokens: OwnTokensConfig,
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): OwnTokensPlan {
  const rule = formatConfigPath(path)
  const { subject = id, maxLifetime, clockSkew } = tokens
  const signing = { keys: kindsOf(tokens.keys), algorithms: tokens.algorithms }
  const algorithmBits = issuerAlgorithms(signing, path, problems)
  const quality = { ...plainQuality, algorithmBits }
  const keys = algorithmBits === 0 ? [] : readKeys(tokens.keys, quality, [...path, 'keys'], ports, problems)
  if (keys.length > 0) checkAlgorithmsCarried(signing, keys, path, problems)
  checkTerms(tokens, path, problems)
  return {
    issuer: {
      // No id of an issuer has a colon.
      id: `application:${id}`,
      rule,
      match: { kind: 'exact', iss: tokens.issuer ?? id },
      trust: 'keys',
      algorithmBits,
      keys,
      remoteKeys: false,
      introspection: undefined,
      audiences: tokens.audiences ?? [id],
      iatSkewSeconds: clockSkew.iat / 1000,
      nbfSkewSeconds: clockSkew.nbf / 1000,
      expSkewSeconds: clockSkew.exp / 1000,
      requireExp: tokens.requireExp,
      maxLifetimeSeconds: maxLifetime === undefined ? undefined : maxLifetime / 1000,
      requireClaims: [],
      accept: 'accessToken',
    },
    subject:
      subject === false
        ? undefined
        : { ...nothingElse, path: toClaimPath('sub'), rule: `${rule}.subject`, equals: subject },
  }
}

const plainQuality: Omit<KeyQuality, 'algorithmBits'> = {
  allowWeakSecret: false,
  allowSampleKey: false,
  allowExpiredCertificate: false,
  allowSmallExponent: false,
  allowLargeRsa: false,
}

const nothingElse = {
  oneOf: undefined,
  contains: undefined,
  any: undefined,
  all: undefined,
  min: undefined,
  max: undefined,
} as const

/** Which kinds of key there are. */
function kindsOf(keys: readonly SigningKeyConfig[]): IssuerKeysConfig {
  return Object.assign({}, ...keys.map(({ name: _, kid: _kid, ...key }) => key))
}

function readKeys(
  keys: readonly SigningKeyConfig[],
  quality: KeyQuality,
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): readonly KeyRecord[] {
  const names = new Set<string>()
  const owners = new Map<string, string>()
  return keys.flatMap((key, index) => {
    const at = [...path, index]
    if (names.has(key.name)) {
      problems.error([...at, 'name'], 'key_duplicate', `another key is called \`${key.name}\``, 'rename one')
    }
    names.add(key.name)
    const records = readKey(key, quality, at, ports, problems)
    for (const { kid, thumbprint } of records) {
      if (kid === undefined) continue
      const owner = owners.get(kid)
      if (owner !== undefined && owner !== thumbprint) {
        problems.error(at, 'duplicate_kid', 'another key here has the same `kid`', 'give each key its own `kid`')
      }
      owners.set(kid, thumbprint)
    }
    return records
  })
}

function readKey(
  { publicKey, certificate, jwks, sharedSecret, kid }: SigningKeyConfig,
  quality: KeyQuality,
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): readonly KeyRecord[] {
  const given = [publicKey, certificate, jwks, sharedSecret].filter((one) => one !== undefined)
  if (given.length !== 1) {
    const hint = 'one of `publicKey`, `certificate`, `jwks` and `sharedSecret`'
    problems.error(path, 'key_form', given.length === 0 ? 'an entry without a key' : 'an entry with two keys', hint)
    return []
  }
  if (kid !== undefined && jwks !== undefined) {
    problems.error([...path, 'kid'], 'contradiction', 'the keys of a JWKS name themselves', 'drop it')
  }
  const withKid = (text: string | undefined): IssuerKeysConfig['publicKey'] =>
    text === undefined || kid === undefined ? text : { key: text, kid }
  const keys: IssuerKeysConfig = {
    publicKey: withKid(publicKey),
    certificate: withKid(certificate),
    jwks,
    sharedSecret: secretWithKid(sharedSecret, kid),
  }
  return (issuerKeys(keys, quality, path, ports, problems) ?? []).map(named)
}

/** A key somebody registered has a name: it fits its own ids, not any `kid` a token comes with. */
function named(key: KeyRecord): KeyRecord {
  return key.kind === 'secret' || key.kid !== undefined ? key : { ...key, kid: key.thumbprint }
}

function secretWithKid(given: SigningKeyConfig['sharedSecret'], kid: string | undefined): typeof given {
  if (given === undefined || kid === undefined) return given
  return typeof given === 'string' ? { secret: given, encoding: 'utf8', kid } : { ...given, kid: given.kid ?? kid }
}

function checkTerms(tokens: OwnTokensConfig, path: ConfigPath, problems: ProblemList): void {
  if (tokens.requireExp) return
  problems.warn([...path, 'requireExp'], 'exp_not_required', 'tokens may live for ever')
  if (tokens.maxLifetime !== undefined) {
    problems.error([...path, 'requireExp'], 'contradiction', '`maxLifetime` needs `exp`', 'drop one of them')
  }
}
