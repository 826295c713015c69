import type { Config } from '@jotgate/contract'
import { publicUrl } from './compile-listeners.ts'
import type { CompilePorts } from './compile-ports.ts'
import type { GatewayPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** The node's own plan. */
export function compileGateway(config: Config, ports: CompilePorts, problems: ProblemList): GatewayPlan {
  const { gateway } = config
  checkNetworks(gateway.trustedProxies, ['gateway', 'trustedProxies'], ports, problems)
  checkNetworks(gateway.outbound.allowPrivate, ['gateway', 'outbound', 'allowPrivate'], ports, problems)
  for (const [index, network] of gateway.trustedProxies.entries()) {
    if (network.endsWith('/0')) {
      const path = ['gateway', 'trustedProxies', index]
      problems.warn(path, 'trusts_every_proxy', 'every caller may say where it comes from', 'name the proxies in front')
    }
  }
  return {
    publicUrls: gateway.listeners.map((listener, index) => publicUrl(listener, index, problems) ?? null),
    trustedProxies: gateway.trustedProxies,
    failuresPerAddress: gateway.verificationBudget.perAddress,
    failuresPerIssuer: gateway.verificationBudget.perIssuer,
    traceAccepted: gateway.trace.accepted,
    via: gateway.via,
    trustedProxyHeaders: gateway.trustedProxyHeaders,
  }
}

function checkNetworks(
  networks: readonly string[],
  path: readonly string[],
  ports: CompilePorts,
  problems: ProblemList,
): void {
  for (const [index, network] of networks.entries()) {
    if (ports.isNetwork(network)) continue
    problems.error(
      [...path, index],
      'invalid_network',
      'not an address or a network',
      'write 10.0.0.0/8 or 2001:db8::/32',
    )
  }
}
