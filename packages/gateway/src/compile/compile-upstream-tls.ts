import type { ConfigPath, UpstreamConfig } from '@jotgate/contract'
import type { CompilePorts } from './compile-ports.ts'
import type { UpstreamTlsPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

type TlsConfig = NonNullable<UpstreamConfig['tls']>

/** What TLS targets are verified by and shown (S14); material that cannot be used is reported where it stands. */
export function compileUpstreamTls(
  { tls, targets }: UpstreamConfig,
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): UpstreamTlsPlan | undefined {
  if (tls === undefined) return undefined
  if (!targets.some(speaksTls)) {
    const message = 'no target speaks TLS, so this is not used'
    problems.error(path, 'upstream_tls_unused', message, 'write https:// or h2:// in `targets`, or leave `tls` out')
  }
  return {
    ca: compileIssuers(tls.ca, [...path, 'ca'], ports, problems),
    serverName: tls.serverName?.toLowerCase(),
    clientCertificate: compileClientCertificate(tls.clientCertificate, [...path, 'clientCertificate'], ports, problems),
    minVersion: tls.minVersion === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
  }
}

function speaksTls(target: string): boolean {
  return target.startsWith('https:') || target.startsWith('h2:')
}

function compileIssuers(
  ca: string | undefined,
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): string | undefined {
  if (ca === undefined) return undefined
  const read = ports.readAuthorities(ca)
  if (!read.ok) {
    problems.error(path, read.error.code, read.error.message, read.error.hint)
    return undefined
  }
  for (const { code, message, hint } of read.value.warnings) problems.warn(path, code, message, hint)
  return read.value.pem
}

function compileClientCertificate(
  given: TlsConfig['clientCertificate'],
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): UpstreamTlsPlan['clientCertificate'] {
  if (given === undefined) return undefined
  const read = ports.readCertificate(given.certificate, given.privateKey)
  if (!read.ok) {
    for (const { field, code, message, hint } of read.error) problems.error([...path, field], code, message, hint)
    return undefined
  }
  const { plan, warnings } = read.value
  for (const { field, code, message, hint } of warnings) {
    // A client is known by what its issuer says of it; DNS names are for servers.
    if (code !== 'certificate_without_names') problems.warn([...path, field], code, message, hint)
  }
  return { chain: plan.chain, privateKey: plan.privateKey }
}
