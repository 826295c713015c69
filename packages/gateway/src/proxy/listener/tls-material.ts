import { createHash } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { ListenerPlan } from '../../compile/plan.ts'
import type { ServerNames } from '../../domain/server-names.ts'
import { chooseCertificates } from './tls-choices.ts'

/** A TLS listener's plan, ready for handshakes. */
export interface TlsMaterial {
  readonly plan: ListenerPlan
  readonly names: ServerNames
  /** Options of the context for callers who ask for no name, or for one that no certificate covers. */
  readonly fallback: SecureContextOptions
  /** By choice; the first is the fallback. */
  readonly contexts: readonly SecureContext[]
}

/**
 * How long a session may be resumed. The key that seals tickets is replaced as often, so this is also the longest that
 * a key from memory could open recorded traffic of resumed TLS 1.2 sessions.
 */
const sessionSeconds = 3600

/** Reads certificates and keys into OpenSSL. Throws what OpenSSL says of material it does not take. */
export function prepareTls(plan: ListenerPlan): TlsMaterial {
  const { choices, names } = chooseCertificates(plan.certificates)
  const options = choices.map((choice) => contextOptions(plan, choice))
  const [fallback] = options
  if (fallback === undefined) throw new Error('a TLS listener without a certificate')
  return { plan, names, fallback, contexts: options.map((one) => createSecureContext(one)) }
}

function contextOptions(plan: ListenerPlan, choice: readonly number[]): SecureContextOptions {
  const shown = choice.flatMap((index) => plan.certificates[index] ?? [])
  return {
    cert: shown.map(({ chain }) => chain),
    key: shown.map(({ privateKey }) => privateKey),
    ...(plan.clientCa === undefined ? {} : { ca: plan.clientCa }),
    minVersion: plan.minVersion,
    sessionTimeout: sessionSeconds,
    sessionIdContext: sessionIdContext(plan),
  }
}

/**
 * OpenSSL resumes a session only where it was made: the same in all workers, another one on each listener and as soon as
 * other client certificates are believed, since what was verified then comes back with the session.
 */
function sessionIdContext({ listener, clientCertificate, clientCa }: ListenerPlan): string {
  const terms = JSON.stringify([listener, clientCertificate, clientCa ?? ''])
  return createHash('sha256').update(terms).digest('hex').slice(0, 32)
}
