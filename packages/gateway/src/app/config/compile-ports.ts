import { createSecureContext } from 'node:tls'
import type { CompilePorts, KeyRemark } from '../../compile/compile-ports.ts'
import { err, ok } from '../../domain/result.ts'
import { certificateFault } from '../../keys/certificate/certificate-fault.ts'
import { readAuthorities } from '../../keys/certificate/read-authorities.ts'
import { readServerCertificate, type ServerCertificate } from '../../keys/certificate/read-server-certificate.ts'
import { type KeyProblem, readJwks } from '../../keys/recognise/read-jwks.ts'
import { recogniseJwks } from '../../keys/recognise/recognise-jwks.ts'
import { recogniseKeys } from '../../keys/recognise/recognise-key.ts'
import { recogniseSecret } from '../../keys/recognise/recognise-secret.ts'
import { classifyAddress } from '../../outbound/address-class.ts'
import { headerClass } from '../../proxy/head/reserved-headers.ts'

/** What compiling borrows from the rooms it may not know. Certificates and ends are judged at `nowMs`. */
export function compilePorts(nowMs: number): CompilePorts {
  return {
    readKeys: (text, kid, quality) => recogniseKeys(text, { kid }, quality, nowMs),
    readSecret(text, encoding, kid, quality) {
      const made = recogniseSecret(text, encoding, { kid }, quality)
      return made.ok ? ok({ keys: [made.value.record], warnings: made.value.warnings }) : made
    },
    readJwks(given, quality) {
      const read =
        typeof given === 'string' ? recogniseJwks(given, quality, nowMs) : readJwks(given, quality, nowMs, 'operator')
      if (!read.ok) return read
      const { keys, problems, warnings } = read.value
      return ok({ keys, warnings: [...problems.map(skipped), ...warnings] })
    },
    readCertificate(chain, privateKey) {
      const read = readServerCertificate(chain, privateKey, nowMs)
      if (!read.ok) return read
      const { certificate, warnings } = read.value
      return isUsable(certificate)
        ? ok({ plan: certificate, warnings })
        : err([{ field: 'certificate', ...certificateFault('certificate_unusable') }])
    },
    readAuthorities: (text) => readAuthorities(text, nowMs),
    isPast: (ms) => ms <= nowMs,
    classifyAddress,
    headerClass: (name) => headerClass(name),
  }
}

/** What OpenSSL makes of it has the last word: its bounds differ between versions. */
function isUsable({ chain, privateKey }: ServerCertificate): boolean {
  try {
    createSecureContext({ cert: chain, key: privateKey })
    return true
  } catch {
    return false
  }
}

function skipped({ index, kid, code, message }: KeyProblem): KeyRemark {
  const name = kid === undefined ? `key ${index}` : `key ${index} (kid ${JSON.stringify(kid)})`
  return { code, message: `${name} of the set is not used: ${message}` }
}
