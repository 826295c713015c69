import type { ConfigPath, GatewayConfig, ListenerConfig } from '@jotgate/contract'
import type { CompilePorts } from './compile-ports.ts'
import type { CertificatePlan, ListenerPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** Plans of the listeners that speak TLS; one whose certificates cannot be used is left out and reported. */
export function compileListeners(
  gateway: GatewayConfig,
  ports: CompilePorts,
  problems: ProblemList,
): readonly ListenerPlan[] {
  checkPlaces(gateway, ports, problems)
  return gateway.listeners.flatMap(({ tls }, listener): readonly ListenerPlan[] => {
    if (tls === undefined) return []
    const path = ['gateway', 'listeners', listener, 'tls']
    const { clientCertificate, http2 } = tls
    const certificates = compileCertificates(tls.certificates, [...path, 'certificates'], ports, problems)
    const clientCa = compileAuthorities(tls, path, ports, problems)
    const minVersion = tls.minVersion === '1.3' ? 'TLSv1.3' : 'TLSv1.2'
    return [{ listener, certificates, minVersion, clientCertificate, clientCa, http2 }]
  })
}

/** What callers of a listener see: scheme, host and port; undefined when it is not said. */
export function publicUrl(
  { publicUrl: text, tls }: ListenerConfig,
  index: number,
  problems: ProblemList,
): string | undefined {
  if (text === undefined) return undefined
  const path = ['gateway', 'listeners', index, 'publicUrl']
  if (!URL.canParse(text)) {
    problems.error(path, 'invalid_url', 'not a URL')
    return undefined
  }
  const url = new URL(text)
  if (url.pathname !== '/' || url.search !== '') {
    problems.error(path, 'public_url', 'only scheme, host and port belong here', `write ${url.origin}`)
  }
  if (tls !== undefined && url.protocol === 'http:') {
    problems.warn(path, 'public_url_plain', 'callers are sent to plain http, and this port speaks TLS', 'write https')
  }
  return url.origin
}

type TlsConfig = NonNullable<ListenerConfig['tls']>

function compileCertificates(
  given: TlsConfig['certificates'],
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): readonly CertificatePlan[] {
  const owners = new Map<string, number>()
  return given.flatMap(({ certificate, privateKey }, index): readonly CertificatePlan[] => {
    const at = [...path, index]
    const read = ports.readCertificate(certificate, privateKey)
    if (!read.ok) {
      for (const { field, code, message, hint } of read.error) problems.error([...at, field], code, message, hint)
      return []
    }
    const { plan, warnings } = read.value
    for (const { field, code, message, hint } of warnings) problems.warn([...at, field], code, message, hint)
    for (const name of plan.names) {
      const key = `${keyFamily(plan)} ${name}`
      const owner = owners.get(key)
      if (owner === undefined) owners.set(key, index)
      else {
        const message = `${name} is answered with certificates[${owner}], which stands before this one`
        problems.warn([...at, 'certificate'], 'certificate_shadowed', message, 'one certificate of a key type a name')
      }
    }
    return [plan]
  })
}

/** TLS shows one certificate of each family under one name, as the caller can verify. */
export function keyFamily({ keyType }: CertificatePlan): string {
  return keyType.startsWith('rsa') ? 'rsa' : keyType
}

function compileAuthorities(
  { clientCa, clientCertificate }: TlsConfig,
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): string | undefined {
  if (clientCertificate !== 'none' && clientCa === undefined) {
    const message = 'client certificates are asked for, and nobody is named who issues them'
    problems.error([...path, 'clientCertificate'], 'client_ca_missing', message, 'write `clientCa`')
  }
  if (clientCa === undefined) return undefined
  if (clientCertificate === 'none') {
    const message = 'no client certificate is asked for, so this is not used'
    problems.warn([...path, 'clientCa'], 'client_ca_unused', message, 'write `clientCertificate: require`')
  }
  const read = ports.readAuthorities(clientCa)
  if (!read.ok) {
    problems.error([...path, 'clientCa'], read.error.code, read.error.message, read.error.hint)
    return undefined
  }
  for (const { code, message, hint } of read.value.warnings) {
    problems.warn([...path, 'clientCa'], code, message, hint)
  }
  return read.value.pem
}

/** Of two listeners on one port each would get some of the other's callers. Port 0 is another one each time. */
function checkPlaces({ listeners, admin }: GatewayConfig, ports: CompilePorts, problems: ProblemList): void {
  const isAll = (address: string): boolean => ports.classifyAddress(address) === 'unspecified'
  const places = [
    ...listeners.map((listener, index) => ({ ...listener, path: ['gateway', 'listeners', index] })),
    { ...admin, path: ['gateway', 'admin'] },
  ]
  for (const [index, { address, port, path }] of places.entries()) {
    if (port === 0) continue
    const other = places
      .slice(0, index)
      .find((one) => one.port === port && (one.address === address || isAll(one.address) || isAll(address)))
    if (other === undefined) continue
    problems.error(
      [...path, 'port'],
      'port_taken',
      `another listener of this configuration is on port ${port}`,
      'give each its own port',
    )
  }
}
