import { type Config, config } from '@jotgate/contract'
import { compileConfig } from '../compile/compile-config.ts'
import type { TokenPlace } from '../compile/plan.ts'
import type { DescribedRequest } from '../domain/described-request.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { compilePorts } from './config/compile-ports.ts'
import type { LoadedConfig } from './config/load-config.ts'

/** Where an API looks that says nothing about it. */
const usualPlace: TokenPlace = { kind: 'header', name: 'authorization', scheme: 'Bearer' }

/** A request to an API's own listen path that brings a token where the API looks first. The error is a sentence. */
export function requestFor(token: string, apiId: string, loaded: LoadedConfig): Result<DescribedRequest, string> {
  const api = loaded.compiled.objects.find(({ kind, id }) => kind === 'api' && id === apiId)
  if (api?.kind !== 'api') {
    const known = Object.keys(loaded.document.apis)
    return err(
      `there is no API ${JSON.stringify(apiId)} in this configuration; there is: ${known.join(', ') || 'none'}`,
    )
  }
  const { access, host, segments, methods } = api.plan
  if (access.kind === 'public') return err(`API ${apiId} is public: it looks at no token`)
  const path = `/${segments.join('/')}`
  const [place = usualPlace] = access.tokenPlaces
  const { target, header } = carry(token, path, place)
  return ok({
    method: methods.includes('GET') ? 'GET' : (methods[0] ?? 'GET'),
    target,
    rawHeaders: ['Host', host ?? 'localhost', ...header],
    peer: '127.0.0.1',
  })
}

interface Carried {
  readonly target: string
  readonly header: readonly string[]
}

function carry(token: string, path: string, place: TokenPlace): Carried {
  switch (place.kind) {
    case 'header':
      return { target: path, header: [place.name, place.scheme === undefined ? token : `${place.scheme} ${token}`] }
    case 'query':
      return { target: `${path}?${encodeURIComponent(place.name)}=${encodeURIComponent(token)}`, header: [] }
    case 'cookie':
      return { target: path, header: ['Cookie', `${place.name}=${token}`] }
  }
}

/** The id of the only API `loadKeys` makes. */
export const keysApiId = 'token'

/**
 * A configuration that asks of a token nothing but a signature by one of these keys and valid times. The same rules as
 * any other, with each loosening named; what they let pass is in `warnings`. `algorithm` undefined: what fits the keys.
 */
export function loadKeys(
  jwks: readonly object[],
  algorithm: string | undefined,
  nowMs: number,
): Result<LoadedConfig, string> {
  const secret = jwks.some((jwk) => 'kty' in jwk && jwk.kty === 'oct')
  const document = config.safeParse({
    version: 1,
    issuers: {
      key: {
        requireIssuer: false,
        anyAudience: true,
        requireExp: false,
        allowWeakSecret: true,
        allowSampleKey: true,
        allowSmallExponent: true,
        allowLargeRsa: true,
        algorithms: algorithm === undefined ? (secret ? ['hmac'] : ['rsa', 'ecdsa', 'eddsa']) : [algorithm],
        keys: { jwks: { keys: jwks } },
      },
    },
    apis: {
      [keysApiId]: {
        upstream: { targets: ['unix:/nowhere'] },
        access: { issuers: ['key'], tokenBytesMax: '64KiB' },
      },
    },
  })
  if (!document.success) return err(document.error.issues.map(({ message }) => message).join('; '))
  return compileKeys(document.data, nowMs)
}

/** Loosenings `loadKeys` asks for by itself are not news. */
const asked: ReadonlySet<string> = new Set([
  'issuer_not_required',
  'any_audience',
  'exp_not_required',
  'weak_secret_allowed',
  'sample_key_allowed',
  'small_exponent_allowed',
  'large_rsa_allowed',
])

function compileKeys(document: Config, nowMs: number): Result<LoadedConfig, string> {
  const compiled = compileConfig(document, compilePorts(nowMs))
  if (!compiled.ok) {
    const errors = compiled.error.filter(({ severity }) => severity === 'error')
    return err(errors.map(({ message }) => message).join('; '))
  }
  return ok({
    compiled: compiled.value.compiled,
    document,
    source: { document, locate: () => undefined },
    files: [],
    warnings: compiled.value.warnings
      .filter(({ code }) => !asked.has(code))
      .map((warning) => ({ file: '', ...warning })),
  })
}
