import { type ApiConfig, type Config, type ConfigPath, formatConfigPath, type PolicyConfig } from '@jotgate/contract'
import { checkMethodsUsed } from './check-methods-used.ts'
import { compilePattern } from './compile-pattern.ts'
import type { CompilePorts } from './compile-ports.ts'
import { defaultMethods } from './default-methods.ts'
import { didYouMean } from './did-you-mean.ts'
import { pathFormsOf } from './path-forms-of.ts'
import type { PolicyPlan, RightPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** One policy: what a caller who has it may do, API by API. */
export function compilePolicy(
  id: string,
  config: Config,
  policy: PolicyConfig,
  ports: Pick<CompilePorts, 'isPast'>,
  problems: ProblemList,
): PolicyPlan {
  const path = ['policies', id]
  const { validUntil, maxTokenAge } = policy
  if (validUntil !== undefined && ports.isPast(validUntil)) {
    const hint = 'drop the policy, or give it another end'
    problems.warn([...path, 'validUntil'], 'policy_ended', 'this time is past: the policy grants nothing', hint)
  }
  return {
    id,
    rule: formatConfigPath(path),
    access: policy.access.flatMap((right, index) => compileRight(right, config, [...path, 'access', index], problems)),
    maxTokenAgeSeconds: maxTokenAge === undefined ? undefined : maxTokenAge / 1000,
    validUntilMs: validUntil,
  }
}

function compileRight(
  right: PolicyConfig['access'][number],
  config: Config,
  path: ConfigPath,
  problems: ProblemList,
): readonly RightPlan[] {
  const api = Object.hasOwn(config.apis, right.api) ? config.apis[right.api] : undefined
  if (api === undefined) {
    const hint = didYouMean(right.api, Object.keys(config.apis)) ?? 'name an API of `apis`'
    problems.error([...path, 'api'], 'api_unknown', `there is no API \`${right.api}\``, hint)
    return []
  }
  checkAsks(right.api, api, path, problems)
  checkMethodsUsed(right.methods, api.methods ?? defaultMethods, [...path, 'methods'], problems)
  const forms = pathFormsOf(api)
  const paths = right.paths?.flatMap((text, index) => {
    const at = [...path, 'paths', index]
    checkParameter(text, at, problems)
    return compilePattern(text, forms, at, problems) ?? []
  })
  return [{ apiId: right.api, methods: right.methods, paths }]
}

/** `/a;b` is also found as `/a`, which is how a more liberal server reads it. */
function checkParameter(text: string, path: ConfigPath, problems: ProblemList): void {
  if (!text.includes(';')) return
  const message = 'a right to a path with a `;` parameter would hold for the path without it too'
  problems.error(path, 'right_parameter', message, 'grant the path itself')
}

/** A right nobody asks for protects nothing: whoever wrote it believes otherwise. */
function checkAsks(id: string, { access }: ApiConfig, path: ConfigPath, problems: ProblemList): void {
  if (access !== 'public' && (access.policy !== undefined || access.scopes !== undefined)) return
  const hint = `write \`policy\` or \`scopes\` under \`apis.${id}.access\`, or drop the right`
  problems.error([...path, 'api'], 'policy_not_asked', `API \`${id}\` asks nobody for a policy`, hint)
}
