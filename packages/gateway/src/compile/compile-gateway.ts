import type { Config } from '@jotgate/contract'
import { parseNetwork } from '../domain/cidr.ts'
import { compileLimits } from './compile-limits.ts'
import { publicUrl } from './compile-listeners.ts'
import type { GatewayPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** The node's own plan. */
export function compileGateway(config: Config, problems: ProblemList): GatewayPlan {
  const { gateway } = config
  checkNetworks(gateway.trustedProxies, ['gateway', 'trustedProxies'], problems)
  checkNetworks(gateway.outbound.allowPrivate, ['gateway', 'outbound', 'allowPrivate'], problems)
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
    limits: compileLimits(gateway.limits, problems),
  }
}

function checkNetworks(networks: readonly string[], path: readonly string[], problems: ProblemList): void {
  for (const [index, network] of networks.entries()) {
    if (parseNetwork(network) !== undefined) continue
    problems.error(
      [...path, index],
      'invalid_network',
      'not an address or a network',
      'write 10.0.0.0/8 or 2001:db8::/32',
    )
  }
}
