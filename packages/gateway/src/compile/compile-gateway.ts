import type { Config } from '@jotgate/contract'
import { parseNetwork } from '../domain/cidr.ts'
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
    publicUrl: publicUrl(config, problems),
    trustedProxies: gateway.trustedProxies,
    failuresPerAddress: gateway.verificationBudget.perAddress,
    failuresPerIssuer: gateway.verificationBudget.perIssuer,
    traceAccepted: gateway.trace.accepted,
  }
}

function publicUrl(config: Config, problems: ProblemList): string | undefined {
  const text = config.gateway.listeners[0]?.publicUrl
  if (text === undefined) return undefined
  const path = ['gateway', 'listeners', 0, 'publicUrl']
  if (!URL.canParse(text)) {
    problems.error(path, 'invalid_url', 'not a URL')
    return undefined
  }
  const url = new URL(text)
  if (url.pathname !== '/' || url.search !== '') {
    problems.error(path, 'public_url', 'only scheme, host and port belong here', `write ${url.origin}`)
  }
  return url.origin
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
