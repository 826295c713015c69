import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import type { UpstreamPlan, UpstreamTlsPlan } from '../../compile/plan.ts'

/** What TLS targets are verified by, one for each upstream: made on first use, since making one costs milliseconds. */
export interface SecureContexts {
  readonly of: (upstream: TlsUpstream) => SecureContext
  /** Forgets all but those of these upstreams. An upstream whose material changed has another id. */
  readonly retain: (ids: ReadonlySet<string>) => void
}

/** Whose context it is: upstreams that say nothing of TLS share one. */
export type TlsUpstream = Pick<UpstreamPlan, 'id' | 'tls'>

/** `ca`: roots trusted beside Node's own (PEM), where an upstream names none. */
export function createSecureContexts(ca?: readonly string[]): SecureContexts {
  const contexts = new Map<string, SecureContext>()
  let usual: SecureContext | undefined
  const defaults = (): SecureContext => {
    const trust = ca === undefined ? {} : { ca: [...rootCertificates, ...ca] }
    usual ??= createSecureContext({ minVersion: 'TLSv1.2', ...trust })
    return usual
  }
  return {
    of: ({ id, tls }) => {
      if (tls === undefined) return defaults()
      let context = contexts.get(id)
      if (context === undefined) {
        context = contextOf(tls, ca)
        contexts.set(id, context)
      }
      return context
    },
    retain: (ids) => {
      for (const id of contexts.keys()) if (!ids.has(id)) contexts.delete(id)
    },
  }
}

function contextOf({ ca, clientCertificate, minVersion }: UpstreamTlsPlan, also?: readonly string[]): SecureContext {
  return createSecureContext({
    minVersion,
    ...(ca === undefined ? (also === undefined ? {} : { ca: [...rootCertificates, ...also] }) : { ca }),
    ...(clientCertificate === undefined ? {} : { cert: clientCertificate.chain, key: clientCertificate.privateKey }),
  })
}
