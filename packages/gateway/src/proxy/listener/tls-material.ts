import { createHash } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { ListenerPlan } from '../../compile/plan.ts'
import type { ServerNames } from '../../domain/server-names.ts'
import { chooseCertificates } from './tls-choices.ts'

/** A TLS listener's plan, ready for handshakes. */
export interface TlsMaterial {
  readonly plan: ListenerPlan
  readonly names: ServerNames
  /** What is shown and asked for, by choice; the first is for callers who name nobody known. */
  readonly contexts: readonly SecureContextOptions[]
}

/**
 * How long a session may be resumed. The key that seals tickets is replaced as often, so this is also the longest that
 * a key from memory could open recorded traffic of resumed TLS 1.2 sessions.
 */
const sessionSeconds = 3600

/** Has OpenSSL read certificates and keys. Throws what it says of material it does not take. */
export function prepareTls(plan: ListenerPlan): TlsMaterial {
  const { choices, names } = chooseCertificates(plan.certificates)
  const contexts = choices.map((choice) => contextOptions(plan, choice))
  for (const context of contexts) createSecureContext(context)
  return { plan, names, contexts }
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
