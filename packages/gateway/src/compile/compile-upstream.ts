import { type Config, type ConfigPath, formatConfigPath, type UpstreamConfig } from '@jotgate/contract'
import { bareHost, isForbiddenHost } from './check-url.ts'
import type { CompilePorts } from './compile-ports.ts'
import { compileUpstreamTls } from './compile-upstream-tls.ts'
import { hashPlan } from './hash-plan.ts'
import type { HealthPlan, TargetPlan, UpstreamPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** Where an API's requests go. */
export function compileUpstream(
  apiId: string,
  config: Config,
  upstream: UpstreamConfig,
  ports: CompilePorts,
  problems: ProblemList,
): UpstreamPlan {
  const path = ['apis', apiId, 'upstream']
  const plan: Omit<UpstreamPlan, 'id'> = {
    rule: formatConfigPath(path),
    targets: upstream.targets.flatMap((text, index) => {
      const target = compileTarget(text, config, [...path, 'targets', index], ports, problems)
      return target === undefined ? [] : [target]
    }),
    host: upstream.host,
    connectTimeoutMs: upstream.connectTimeout,
    responseTimeoutMs: upstream.responseTimeout,
    streamIdleTimeoutMs: upstream.streamIdleTimeout,
    idleTimeoutMs: upstream.idleTimeout,
    connectionsMax: upstream.connectionsMax,
    requestsMax: upstream.requestsMax,
    waitingMax: upstream.waitingMax,
    balance: upstream.balance,
    health: compileHealth(upstream, [...path, 'health'], problems),
    tls: compileUpstreamTls(upstream, [...path, 'tls'], ports, problems),
  }
  return { id: `${apiId}:${hashPlan(plan).slice(0, 16)}`, ...plan }
}

function compileHealth({ health }: UpstreamConfig, path: ConfigPath, problems: ProblemList): HealthPlan {
  if (health.ejectMax < health.ejectFor) {
    problems.error([...path, 'ejectMax'], 'eject_bounds', 'shorter than `ejectFor`', 'raise it, or lower `ejectFor`')
  }
  return { failures: health.failures, ejectMs: health.ejectFor, ejectMsMax: health.ejectMax }
}

function compileTarget(
  text: string,
  config: Config,
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): TargetPlan | undefined {
  if (text.startsWith('unix:')) {
    return { kind: 'unix', host: text.slice('unix:'.length), port: 0, authority: 'localhost' }
  }
  // Only of schemes it knows does URL read the host in its one normal form.
  const known = text.replace(/^h2c:/, 'http:').replace(/^h2:/, 'https:')
  if (!URL.canParse(known)) {
    problems.error(path, 'invalid_url', 'not a URL')
    return undefined
  }
  const url = new URL(known)
  if (isForbiddenHost(url.hostname, ports)) {
    problems.error(path, 'forbidden_address', 'link-local and metadata addresses are never connected to')
    return undefined
  }
  const tls = url.protocol === 'https:'
  const target: TargetPlan = {
    kind: text.startsWith('h2') ? (tls ? 'h2' : 'h2c') : tls ? 'tls' : 'tcp',
    host: bareHost(url.hostname),
    port: url.port === '' ? (tls ? 443 : 80) : Number(url.port),
    authority: url.host,
  }
  if (!isGateway(target, url, config, ports)) return target
  problems.error(path, 'upstream_is_gateway', "this is the gateway's own address: requests would go in circles")
  return undefined
}

/** The gateway's own ports, data and admin, are no upstream (security rule S14). */
function isGateway(target: TargetPlan, url: URL, config: Config, ports: CompilePorts): boolean {
  const { listeners, admin } = config.gateway
  const own = [...listeners, admin]
  if (listeners.some(({ publicUrl }) => publicUrl !== undefined && sameOrigin(publicUrl, url))) return true
  return own.some(({ address, port }) => port === target.port && sameHost(target.host, address, ports))
}

function sameOrigin(publicUrl: string, url: URL): boolean {
  return URL.canParse(publicUrl) && new URL(publicUrl).origin === url.origin
}

function sameHost(host: string, address: string, ports: CompilePorts): boolean {
  if (host === address) return true
  const local = isLocalName(host) || isClass(host, ports, 'loopback', 'unspecified')
  if (isClass(address, ports, 'unspecified')) return local
  const onLoopback = isLocalName(address) || isClass(address, ports, 'loopback')
  return onLoopback && (isLocalName(host) || isClass(host, ports, 'unspecified'))
}

function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === 'localhost.'
}

function isClass(host: string, ports: CompilePorts, ...kinds: readonly string[]): boolean {
  const kind = ports.classifyAddress(host)
  return kind !== undefined && kinds.includes(kind)
}
