import type { Config, ConfigPath } from '@jotgate/contract'
import { didYouMean } from './did-you-mean.ts'
import type { ProblemList } from './problem-list.ts'

/** Policies that callers of an API shall have: each is there, and grants something on it. */
export function checkPolicies(
  apiId: string,
  { policies }: Config,
  ids: readonly string[],
  at: (index: number) => ConfigPath,
  problems: ProblemList,
): void {
  for (const [index, id] of ids.entries()) {
    const policy = Object.hasOwn(policies, id) ? policies[id] : undefined
    if (policy === undefined) {
      const hint = didYouMean(id, Object.keys(policies)) ?? 'add it under `policies`'
      problems.error(at(index), 'policy_unknown', `there is no policy \`${id}\``, hint)
    } else if (!policy.access.some(({ api }) => api === apiId)) {
      const hint = `add { api: ${apiId} } to its \`access\`, or take it out here`
      problems.warn(at(index), 'policy_without_right', `\`${id}\` grants nothing on this API`, hint)
    }
  }
}
