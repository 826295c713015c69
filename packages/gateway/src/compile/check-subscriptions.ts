import type { ApiConfig, ApplicationConfig, Config, ConfigPath } from '@jotgate/contract'
import { checkPolicies } from './check-policies.ts'
import { didYouMean } from './did-you-mean.ts'
import type { ProblemList } from './problem-list.ts'

/** What holds between applications and the APIs they subscribe to: each is there, asks who is calling, and is named once. */
export function checkSubscriptions(config: Config, problems: ProblemList): void {
  const subscribed = new Set<string>()
  for (const [id, application] of Object.entries(config.applications)) {
    checkApplication(id, application, config, problems)
    for (const { api } of application.subscriptions) subscribed.add(api)
  }
  for (const [id, { access }] of Object.entries(config.apis)) {
    if (access === 'public' || access.identify?.lookup !== 'strict' || subscribed.has(id)) continue
    const hint = 'subscribe one to this API, or let `lookup` be `open`'
    problems.warn(['apis', id, 'access', 'identify'], 'no_subscriptions', 'no application may call this API', hint)
  }
}

function checkApplication(
  id: string,
  { subscriptions }: ApplicationConfig,
  config: Config,
  problems: ProblemList,
): void {
  const seen = new Set<string>()
  for (const [index, { api: apiId, policies = [] }] of subscriptions.entries()) {
    const path = ['applications', id, 'subscriptions', index]
    if (seen.has(apiId)) {
      const hint = 'merge the two: one subscription holds all its policies'
      problems.error([...path, 'api'], 'subscription_duplicate', `\`${apiId}\` is subscribed to twice`, hint)
    }
    seen.add(apiId)
    const api = Object.hasOwn(config.apis, apiId) ? config.apis[apiId] : undefined
    if (api === undefined) {
      const hint = didYouMean(apiId, Object.keys(config.apis)) ?? 'name an API of `apis`'
      problems.error([...path, 'api'], 'api_unknown', `there is no API \`${apiId}\``, hint)
      continue
    }
    checkAsks(apiId, api, policies.length > 0, path, problems)
    checkPolicies(apiId, config, policies, (at) => [...path, 'policies', at], problems)
  }
}

/** What nobody asks for protects nothing: whoever wrote it believes otherwise. */
function checkAsks(
  id: string,
  { access }: ApiConfig,
  policies: boolean,
  path: ConfigPath,
  problems: ProblemList,
): void {
  if (access === 'public' || access.identify === undefined) {
    const hint =
      access === 'public' ? 'protect the API, or drop this' : `write \`identify\` under \`apis.${id}.access\``
    problems.error([...path, 'api'], 'identify_not_asked', `API \`${id}\` asks nobody who is calling`, hint)
  } else if (policies && access.policy === undefined && access.scopes === undefined) {
    const hint = `write \`policy: { claim: false }\` under \`apis.${id}.access\`, or drop them`
    problems.error([...path, 'policies'], 'policy_not_asked', `API \`${id}\` asks nobody for a policy`, hint)
  }
}
