import { formatConfigPath } from '@jotgate/contract'
import type { ApplicationPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** An API key belongs to one application, and each of its keys has a name of its own. */
export function checkApiKeys(applications: readonly ApplicationPlan[], problems: ProblemList): void {
  const owners = new Map<string, string>()
  for (const { id: applicationId, apiKeys } of applications) {
    const ids = new Set<string>()
    for (const [index, { id, hash }] of apiKeys.entries()) {
      const path = ['applications', applicationId, 'apiKeys', index]
      if (ids.has(id)) problems.error([...path, 'id'], 'api_key_duplicate', `\`${id}\` is there already`, 'rename one')
      ids.add(id)
      const other = owners.get(hash)
      if (other !== undefined) {
        const hint = 'one key belongs to one application: make a new one with `jotgate keys api`'
        problems.error([...path, 'hash'], 'api_key_duplicate', `the same key as ${other}`, hint)
      } else owners.set(hash, formatConfigPath(path))
    }
  }
}
