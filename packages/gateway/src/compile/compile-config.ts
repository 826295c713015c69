import type { Config, ConfigProblem } from '@jotgate/contract'
import { err, ok, type Result } from '../domain/result.ts'
import { checkApiKeys } from './check-api-keys.ts'
import { checkClaimSets } from './check-claim-sets.ts'
import { checkOwnTokens } from './check-own-tokens.ts'
import { checkSubscriptions } from './check-subscriptions.ts'
import { checkTrust } from './check-trust.ts'
import { compileApi } from './compile-api.ts'
import { compileApplication } from './compile-application.ts'
import { compileGateway } from './compile-gateway.ts'
import { compileIssuer } from './compile-issuer.ts'
import { compileListeners } from './compile-listeners.ts'
import { compilePolicy } from './compile-policy.ts'
import type { CompilePorts } from './compile-ports.ts'
import { hashPlan } from './hash-plan.ts'
import type {
  ApiPlan,
  ApplicationPlan,
  CompiledConfig,
  ConfigObject,
  GatewayPlan,
  IssuerPlan,
  ListenerPlan,
  PolicyPlan,
} from './plan.ts'
import { type ProblemList, problemList } from './problem-list.ts'

/** A configuration that may go live, and what its operator should know about it. */
export interface AcceptedConfig {
  readonly compiled: CompiledConfig
  /** Named loosenings and lint findings: logged at every start, listed by `check`. */
  readonly warnings: readonly ConfigProblem[]
}

/** Turns the desired configuration into plans, or tells every problem of it at once (warnings among them). */
export function compileConfig(config: Config, ports: CompilePorts): Result<AcceptedConfig, readonly ConfigProblem[]> {
  const problems = problemList()
  const gateway = compileGateway(config, problems)
  const listeners = compileListeners(config.gateway, ports, problems)
  const issuers = Object.entries(config.issuers).map(
    ([id, issuer]) => [id, compileIssuer(id, config, issuer, ports, problems)] as const,
  )
  const plans = new Map(issuers.map(([id, { plan }]) => [id, plan] as const))
  const apis = Object.entries(config.apis).map(([id, api]) => {
    checkTrust(id, config, api, plans, problems)
    return compileApi(id, config, api, ports, problems)
  })
  const policies = Object.entries(config.policies).map(([id, policy]) =>
    compilePolicy(id, config, policy, ports, problems),
  )
  const applications = Object.entries(config.applications).map(([id, application]) =>
    compileApplication(id, application, ports, problems),
  )
  checkSubscriptions(config, problems)
  checkApiKeys(applications, problems)
  checkOwnTokens(applications, config, plans, problems)
  checkClaimSets(applications, config, plans, problems)
  checkPlaces(apis, problems)
  checkUse(config, problems)
  if (problems.all.some(({ severity }) => severity === 'error')) return err(problems.all)
  return ok({
    compiled: {
      objects: [
        objectOf('gateway', gateway),
        ...listeners.map((plan) => objectOf('listener', plan)),
        ...[...plans.values()].flatMap((plan) => (plan === undefined ? [] : [objectOf('issuer', plan)])),
        ...policies.map((plan) => objectOf('policy', plan)),
        ...applications.map((plan) => objectOf('application', plan)),
        ...apis.map((plan) => objectOf('api', plan)),
      ],
      keySources: issuers.flatMap(([, { keySource }]) => (keySource === undefined ? [] : [keySource])),
      introspections: issuers.flatMap(([, { introspection }]) => (introspection === undefined ? [] : [introspection])),
    },
    warnings: problems.all,
  })
}

function objectOf(kind: 'gateway', plan: GatewayPlan): ConfigObject
function objectOf(kind: 'listener', plan: ListenerPlan): ConfigObject
function objectOf(kind: 'issuer', plan: IssuerPlan): ConfigObject
function objectOf(kind: 'policy', plan: PolicyPlan): ConfigObject
function objectOf(kind: 'application', plan: ApplicationPlan): ConfigObject
function objectOf(kind: 'api', plan: ApiPlan): ConfigObject
function objectOf(kind: ConfigObject['kind'], plan: ConfigObject['plan']): ConfigObject {
  const id = 'id' in plan ? plan.id : 'listener' in plan ? String(plan.listener) : 'gateway'
  // The overloads pair kinds with plans; the union of the parts does not show it.
  return { kind, id, hash: hashPlan(plan), plan } as ConfigObject
}

/** Two APIs in one place would leave it to chance which rules hold. */
function checkPlaces(apis: readonly ApiPlan[], problems: ProblemList): void {
  const taken = new Map<string, string>()
  for (const { id, host, segments } of apis) {
    const place = `${host ?? '*'}/${segments.join('/')}`
    const other = taken.get(place)
    if (other === undefined) taken.set(place, id)
    else {
      const hint = 'give each its own host or path'
      problems.error(['apis', id, 'listen'], 'api_overlap', `\`${other}\` listens at the same host and path`, hint)
    }
  }
}

function checkUse(config: Config, problems: ProblemList): void {
  const apis = Object.values(config.apis)
  if (apis.length === 0) problems.warn(['apis'], 'no_apis', 'nothing is protected: every request is answered 404')
  const used = new Set(apis.flatMap(({ access }) => (access === 'public' ? [] : access.issuers)))
  for (const id of Object.keys(config.issuers)) {
    if (!used.has(id)) problems.warn(['issuers', id], 'issuer_unused', 'no API names this issuer')
  }
}
