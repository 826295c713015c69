import { type Asked, ask } from './ask.ts'
import type { BenchCase, TokenKind } from './cases.ts'
import { keyExchange } from './key-exchange.ts'
import { pathOf } from './paths.ts'
import type { RunningSide } from './sides/side.ts'
import { firstToken, tokenPool } from './tokens.ts'

/** A request whose answer tells whether a side does the case's work. */
export interface Probe {
  readonly name: string
  readonly token: string | undefined
  readonly status: 200 | 401
}

/** What both sides agree on over TLS. */
const handshake = `TLSv1.3 TLS_AES_256_GCM_SHA384 ${keyExchange}`

/** The probes of a case: a good token, and each token that must be refused where tokens are asked. */
export function probesOf(benchCase: BenchCase): readonly Probe[] {
  const { kind, isProtected } = benchCase
  // The first token of several keys is good at first only; so is the pool's own.
  const trusted: TokenKind = { ...kind, origin: 'trusted' }
  const one = (origin: TokenKind['origin']): string =>
    firstToken(tokenPool({ ...kind, origin, tokens: 1, signingKeys: 1 }))
  const good = kind.origin === 'trusted' ? firstToken(tokenPool(trusted)) : one('trusted')
  const refused = isProtected ? 401 : 200
  return [
    { name: 'a good token', token: good, status: 200 },
    { name: 'a forged token', token: one('forged'), status: refused },
    { name: 'an expired token', token: one('expired'), status: refused },
    { name: "a foreign issuer's token", token: one('foreign'), status: refused },
    { name: 'no token', token: undefined, status: refused },
  ]
}

/** Asks a side each probe in turn; the first that shows the side does other work, in words. */
export async function probeFault(
  side: Pick<RunningSide, 'port'>,
  benchCase: BenchCase,
  probes: readonly Probe[],
): Promise<string | undefined> {
  const { transport, body } = benchCase
  for (const probe of probes) {
    const headers = probe.token === undefined ? {} : { authorization: `Bearer ${probe.token}` }
    const question = { transport, path: pathOf(benchCase), headers, body: Buffer.alloc(body.upBytes, 'x') }
    const asked = await ask({ ...question, port: side.port }).catch((error: Error) => error)
    // A side that does not answer spoils its sample, not the hours of a whole run.
    if (asked instanceof Error) return `${probe.name} got no answer: ${asked.message}`
    const fault = answerFault(probe, benchCase, asked)
    if (fault !== undefined) return `other work than asked: ${fault}`
  }
  return undefined
}

/** What is wrong with the answer to a probe, in words. Pure. */
export function answerFault(
  probe: Probe,
  { transport, body }: Pick<BenchCase, 'transport' | 'body'>,
  asked: Asked,
): string | undefined {
  if (asked.status !== probe.status) return `${probe.name} was answered ${asked.status}, not ${probe.status}`
  const wanted = body.downBytes > 0 ? Buffer.alloc(body.downBytes, 'x') : Buffer.from('{"ok":true}')
  if (probe.status === 200 && !asked.body.equals(wanted)) return `${probe.name} was not given the upstream's body`
  if (transport !== 'http' && asked.handshake !== handshake) return `the handshake was ${asked.handshake}`
  return undefined
}
