import type { CompiledApi, CompiledIssuer } from '../../compile/snapshot.ts'
import { addressGroup } from '../../domain/address-group.ts'
import type { Claims } from '../../domain/claims.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Turns } from '../../state/turns.ts'
import { overBudget, type VerificationBudget } from '../../state/verification-budget.ts'

/** What a provider said of a token, now or a short while ago (RFC 7662 2.2). */
export type IntrospectionAnswer =
  | { readonly state: 'active'; readonly claims: Claims }
  | { readonly state: 'inactive' }
  /** `answered`: the provider was reached and made no sense, which may lie in the token. */
  | { readonly state: 'unavailable'; readonly fault: string; readonly answered?: boolean | undefined }

export interface IntrospectPorts {
  /** What is known of a token, or is being asked about it already: it costs the provider nothing. */
  readonly known: (
    issuer: CompiledIssuer,
    token: string,
  ) => IntrospectionAnswer | Promise<IntrospectionAnswer> | undefined
  /** Waits at most the issuer's `introspection.timeout`. `explain` passes one that asks nobody. */
  readonly ask: (issuer: CompiledIssuer, token: string) => Promise<IntrospectionAnswer>
  readonly budget: VerificationBudget
  /** Of each address' questions: a provider's few connections are not one caller's. */
  readonly turns: Turns
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

type Trusted = { readonly claims: Claims; readonly issuer: CompiledIssuer }

/**
 * Steps 6 to 8 for an opaque token: the first issuer that calls it active vouches for it. An answer that names an issuer
 * (`iss`) counts only for that issuer. When nobody knows the token but somebody could not be asked, the fault is ours.
 * Questions about tokens that nobody knows are bounded per address and issuer like failed signature checks (S8).
 */
export async function introspect(
  token: string,
  api: CompiledApi,
  ports: IntrospectPorts,
  address: string,
  nowMs: number,
): Promise<Result<Trusted, Reject>> {
  const bytesMax = api.plan.access.kind === 'protected' ? api.plan.access.tokenBytesMax : 0
  if (token.length > bytesMax) return err({ reason: 'token_too_large', bytes: token.length, bytesMax })

  const inVain: CompiledIssuer[] = []
  let silent: CompiledIssuer | undefined
  let spent: 'address' | 'issuer' | undefined
  for (const issuer of api.introspecting) {
    const { answer, fresh } = await consult(issuer, token, ports, address, nowMs)
    if (answer.state === 'active' && vouchesFor(issuer, answer.claims)) return ok({ claims: answer.claims, issuer })
    if (answer.state === 'unasked') spent = answer.scope
    if (answer.state === 'unavailable') silent = issuer
    if (fresh && (answer.state !== 'unavailable' || answer.answered)) inVain.push(issuer)
  }
  for (const issuer of inVain) ports.budget.charge(address, issuer.plan.id, nowMs)
  if (spent !== undefined) return err(overBudget(spent))
  if (silent !== undefined) {
    const rule = `${silent.plan.rule}.introspection`
    return err({ reason: 'introspection_unavailable', issuerId: silent.plan.id, rule })
  }
  return err({ reason: 'token_inactive', rule: `${api.plan.rule}.access.issuers` })
}

type Unasked = { readonly state: 'unasked'; readonly scope: 'address' | 'issuer' }

interface Consulted {
  readonly answer: IntrospectionAnswer | Unasked
  /** Whether the provider was asked for this request. */
  readonly fresh: boolean
}

async function consult(
  issuer: CompiledIssuer,
  token: string,
  ports: IntrospectPorts,
  address: string,
  nowMs: number,
): Promise<Consulted> {
  /** Undefined: there is nothing to go by but a question. */
  const lookUp = (): Consulted | Promise<Consulted> | undefined => {
    const known = ports.known(issuer, token)
    if (known instanceof Promise) return known.then((answer) => ({ answer, fresh: false }))
    if (known !== undefined) return { answer: known, fresh: false }
    const scope = ports.budget.exhausted(address, issuer.plan.id, nowMs)
    return scope === undefined ? undefined : { answer: { state: 'unasked', scope }, fresh: false }
  }
  const timeoutMs = issuer.plan.introspection?.timeoutMs ?? 0
  // While one waits for a turn, others learn about the token or use up the budget.
  const inTurn = async (): Promise<Consulted> => lookUp() ?? { answer: await ports.ask(issuer, token), fresh: true }
  return lookUp() ?? (await ports.turns.run(addressGroup(address), timeoutMs, inTurn)) ?? tooMany
}

const tooMany: Consulted = {
  answer: { state: 'unavailable', fault: 'too many questions of one address wait for the provider' },
  fresh: false,
}

function vouchesFor(issuer: CompiledIssuer, { iss }: Claims): boolean {
  return iss === undefined || (typeof iss === 'string' && issuer.vouchesFor(iss))
}
