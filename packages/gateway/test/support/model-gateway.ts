import type { ConfigInput } from '@jotgate/contract'
import { calculateJwkThumbprint, type JWK } from 'jose'
import {
  type Api,
  algorithms,
  checkClaims,
  checkKind,
  checkScopes,
  checkTerms,
  type Issuer,
  isObject,
  isSignedBy,
  type Json,
  type Protected,
  parseToken,
  Refused,
  readClaim,
  refuse,
  seconds,
  tenantOf,
} from './model-token.ts'

/** Everything a decision may depend on. */
export interface World {
  /** The desired configuration, as an operator writes it. */
  readonly document: ConfigInput
  readonly environment: Readonly<Record<string, string>>
  /** The keys each JWKS URL answers now. */
  readonly published: Readonly<Record<string, readonly JWK[]>>
  /** Key ids an operator distrusts, by issuer. */
  readonly distrusted: Readonly<Record<string, readonly string[]>>
  readonly nowMs: number
}

export interface ModelRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

const statuses: readonly [number, RegExp][] = [
  [400, /^(bad_path|bad_header|token_ambiguous)$/],
  [403, /^(origin_not_allowed|scope_missing|claim_unsendable)$/],
  [404, /^api_unknown$/],
  [405, /^method_not_allowed$/],
  [503, /^keys_unavailable$/],
]

/** Decides anew what the gateway must decide: no cache, no workers, no code of it. No reason: forwarded. */
export async function judge(request: ModelRequest, world: World): Promise<{ status: number; reason?: string }> {
  try {
    await pass(request, world)
    return { status: 200 }
  } catch (refusal) {
    if (!(refusal instanceof Refused)) throw refusal
    const { message: reason } = refusal
    return { status: statuses.find(([, reasons]) => reasons.test(reason))?.[0] ?? 401, reason }
  }
}

async function pass(request: ModelRequest, world: World): Promise<void> {
  const path = readPath(request)
  const length = ({ listen }: Api): number => segmentsOf(listen?.path ?? '/').length
  const apis = Object.values(world.document.apis).sort((one, other) => length(other) - length(one))
  const api = apis.find(({ listen }) => takes([...segmentsOf(listen?.path ?? '/'), '*'], segmentsOf(path)))
  if (api === undefined) return refuse('api_unknown')
  if (/;|%2F|%3B|\/\//.test(path)) refuse('bad_path')
  if (!(api.methods ?? usualMethods).includes(request.method)) refuse('method_not_allowed')

  const { access } = api
  if (typeof access === 'string') return
  const rest = segmentsOf(path).slice(length(api))
  // Histories write no two routes of one length, so length says which one is more specific.
  const routes = (api.routes ?? []).filter((route) => takes(segmentsOf(route.path), rest))
  routes.sort((one, other) => segmentsOf(other.path).length - segmentsOf(one.path).length)
  const override = routes.findIndex((route) => route.override)
  const asking = override < 0 ? [...routes, access] : routes.slice(0, override + 1)
  const requires = asking.flatMap(({ require }) => require ?? []).reverse()
  if (routes[override]?.access === 'public' && requires.length === 0) return

  const token = findToken(request, access)
  const { header, claims } = parseToken(token)
  const issuers = (access.issuers ?? []).map((id) => ({ id, ...world.document.issuers?.[id] }))
  if (!issuers.some((issuer) => takesAlgorithm(issuer, header))) refuse('alg_not_allowed')
  const issuer = issuers.find((one) => isFrom(one, claims.iss)) ?? refuse('issuer_untrusted')
  if (!takesAlgorithm(issuer, header)) refuse('alg_not_allowed')
  checkKind(header, claims, issuer.accept ?? 'accessToken')
  await checkSignature(token, header, claims, issuer, world)
  checkTerms(claims, issuer, world.nowMs / 1000)
  for (const require of requires) checkClaims(claims, require)
  if (claims.cnf !== undefined) refuse(isObject(claims.cnf) ? 'confirmation_required' : 'claim_invalid')
  for (const { scopes } of requires) checkScopes(claims, scopes)
  for (const forwarded of Object.values(api.forward?.claims ?? {})) {
    const value = typeof forwarded === 'string' ? '' : String(readClaim(claims, forwarded.claim) ?? '')
    if (!/^([!-~]([ -~]*[!-~])?)?$/.test(value)) refuse('claim_unsendable')
  }
}

const usualMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const segmentsOf = (path: string): readonly string[] => path.split('/').filter((segment) => segment !== '')
const valuesOf = ({ headers }: ModelRequest, name: string): readonly string[] =>
  headers.flatMap(([one, value]) => (one.toLowerCase() === name ? [value] : []))

function takes([first, ...more]: readonly string[], [next, ...others]: readonly string[]): boolean {
  if (first === '*' && more.length === 0) return true
  if (first === undefined || next === undefined) return first === next
  return (first === '*' || first === next) && takes(more, others)
}

function readPath(request: ModelRequest): string {
  if (request.method === 'TRACE') refuse('method_not_allowed')
  if (['host', 'authorization'].some((name) => valuesOf(request, name).length > 1)) refuse('bad_header')
  const path = (request.target.split('?')[0] ?? '').replace(/%([2-7][\da-f])/gi, (escaped, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return /[\w.~-]/.test(character) ? character : escaped.toUpperCase()
  })
  const segments = path.split(/\/|;|%2F|%3B/)
  const unsafe = /%(?![\dA-F]{2})|%5C|%[01]|%7F|\\|^\/\//.test(path)
  return unsafe || segments.includes('.') || segments.includes('..') ? refuse('bad_path') : path
}

function findToken(request: ModelRequest, { token, tokenBytesMax = '8KiB' }: Protected): string {
  const places = [token ?? { header: 'authorization' }].flat()
  const pairs = (text: string, by: string) => text.split(by).map((pair) => pair.trim().split(/=(.*)/s))
  const named = (all: string[][], name: string) => all.flatMap(([one, value = '']) => (one === name ? [value] : []))
  const query = pairs(decodeURIComponent(request.target.split('?')[1] ?? ''), '&')
  const crumbs = pairs(valuesOf(request, 'cookie').join(';'), ';')
  const bearer = valuesOf(request, 'authorization').flatMap((value) => /^bearer(?: +(.*))?$/i.exec(value) ?? [])
  const found = places.flatMap((place) => {
    const values = 'query' in place ? named(query, place.query) : 'cookie' in place ? named(crumbs, place.cookie) : []
    return ('header' in place && bearer.length > 0 ? [bearer[1] ?? ''] : values).map((value) => ({ place, value }))
  })
  const { place, value } = found[0] ?? refuse('token_missing')
  if (found.length > 1 || named(query, 'access_token').length > 0) refuse('token_ambiguous')
  if (value.length > Number.parseInt(tokenBytesMax, 10) * (tokenBytesMax.endsWith('KiB') ? 1024 : 1)) {
    refuse('token_too_large')
  }
  if (value.split('.').length < 3 && !/^[\w.~+/=-]+$/.test(value)) refuse('token_malformed')
  const origins = 'cookie' in place ? (place.origins ?? []) : undefined
  const isOwn = valuesOf(request, 'origin').some((origin) => origins?.includes(origin))
  if (origins !== undefined && !isOwn && !/^(GET|HEAD|OPTIONS)$/.test(request.method)) refuse('origin_not_allowed')
  return value
}

function takesAlgorithm({ algorithms, keys }: Issuer, { alg }: Json): boolean {
  const usual = keys?.sharedSecret === undefined ? ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'] : ['HS256']
  return (algorithms ?? usual).includes(String(alg))
}

function isFrom({ issuer, tenants }: Issuer, iss: unknown): boolean {
  return issuer === undefined || (tenants?.includes(tenantOf(issuer, iss)) ?? iss === issuer)
}

async function checkSignature(
  token: string,
  header: Json,
  claims: Json,
  issuer: Issuer & { id: string },
  world: World,
) {
  const { kid } = header
  const alg = String(header.alg)
  const { jwks, jwksUri, sharedSecret } = issuer.keys ?? {}
  const secret = world.environment[/\$\{env:(\w+)\}/.exec(String(sharedSecret))?.[1] ?? '']
  const fetched = world.published[String(jwksUri)] ?? []
  const trusted = fetched.filter((key) => !world.distrusted[issuer.id]?.includes(String(key.kid)))
  if (jwksUri !== undefined && trusted.length === 0) refuse('keys_unavailable')
  const own = typeof jwks === 'object' ? (jwks.keys as readonly JWK[]) : trusted
  const all = secret === undefined ? own : [{ kty: 'oct', k: Buffer.from(secret).toString('base64url') }]
  const fitting: JWK[] = []
  for (const key of all) {
    const named = [undefined, key.kid ?? kid, await calculateJwkThumbprint(key)].includes(kid as string | undefined)
    if (named && (key.crv ?? key.kty) === algorithms[alg]?.[0]) fitting.push(key)
  }
  if (fitting.length === 0) refuse('key_unknown')
  if (Number(claims.exp) + seconds(issuer.clockSkew?.exp ?? '30s') <= world.nowMs / 1000) refuse('token_expired')
  for (const key of fitting) if (await isSignedBy(token, key, alg)) return
  refuse('signature_invalid')
}
