import type { CompiledApi, CompiledIssuer } from '../../compile/snapshot.ts'
import type { Claims } from '../../domain/claims.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'

/** What a provider said of a token, now or a short while ago (RFC 7662 2.2). */
export type IntrospectionAnswer =
  | { readonly state: 'active'; readonly claims: Claims }
  | { readonly state: 'inactive' }
  | { readonly state: 'unavailable'; readonly fault: string }

export interface IntrospectPorts {
  /** Waits at most the issuer's `introspection.timeout`. `explain` passes one that answers from what is known. */
  readonly ask: (issuer: CompiledIssuer, token: string) => Promise<IntrospectionAnswer>
}

/**
 * Whether a token is asked about instead of verified: it is not a compact JWS (two dots), or nobody here trusts by key.
 */
export function isForIntrospection(token: string, api: CompiledApi): boolean {
  if (api.introspecting.length === 0) return false
  const byKeyToo = api.introspecting.length < api.issuers.length || api.issuers.some((one) => one.plan.trust === 'both')
  return !(byKeyToo && hasTwoDots(token))
}

function hasTwoDots(token: string): boolean {
  const first = token.indexOf('.')
  const second = first < 0 ? -1 : token.indexOf('.', first + 1)
  return second >= 0 && token.indexOf('.', second + 1) < 0
}

/**
 * Steps 6 to 8 for an opaque token: the first issuer that calls it active vouches for it. An answer that names an issuer
 * (`iss`) counts only for that issuer. When nobody knows the token but somebody could not be asked, the fault is ours.
 */
export async function introspect(
  token: string,
  api: CompiledApi,
  ports: IntrospectPorts,
): Promise<Result<{ readonly claims: Claims; readonly issuer: CompiledIssuer }, Reject>> {
  const bytesMax = api.plan.access.kind === 'protected' ? api.plan.access.tokenBytesMax : 0
  if (token.length > bytesMax) return err({ reason: 'token_too_large', bytes: token.length, bytesMax })

  let silent: CompiledIssuer | undefined
  for (const issuer of api.introspecting) {
    const answer = await ports.ask(issuer, token)
    if (answer.state === 'unavailable') silent = issuer
    if (answer.state !== 'active') continue
    const iss = answer.claims.iss
    if (iss !== undefined && !(typeof iss === 'string' && issuer.vouchesFor(iss))) continue
    return ok({ claims: answer.claims, issuer })
  }
  if (silent !== undefined) {
    const rule = `${silent.plan.rule}.introspection`
    return err({ reason: 'introspection_unavailable', issuerId: silent.plan.id, rule })
  }
  return err({ reason: 'token_inactive', rule: `${api.plan.rule}.access.issuers` })
}
