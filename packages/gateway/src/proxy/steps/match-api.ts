import { looseReading } from '../../compile/loose-reading.ts'
import type { CompiledApi, EffectiveAccess, Snapshot } from '../../compile/snapshot.ts'
import { pathForm, pathFormFault } from '../../domain/path-form.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { RequestHead } from '../head/request-head.ts'

/** Step 2: finds the API by host and path. */
export function matchApi(head: RequestHead, snapshot: Snapshot): Result<CompiledApi, Reject> {
  const api = snapshot.match(head.host, head.path)
  return api === undefined ? err({ reason: 'api_unknown' }) : ok(api)
}

/**
 * Step 2, once the API is known: what holds for method and path there. A path form the API did not opt into is refused,
 * and so is a path that would meet another API or other rules once a more liberal server decodes it.
 */
export function matchAccess(head: RequestHead, api: CompiledApi, snapshot: Snapshot): Result<EffectiveAccess, Reject> {
  const { path, method } = head
  const { plan } = api
  const refused = head.forms & ~plan.pathForms
  if (refused !== 0) return err({ reason: 'bad_path', fault: pathFormFault(refused) })
  if (!plan.methods.includes(method)) {
    return err({ reason: 'method_not_allowed', allowed: plan.methods, rule: `${plan.rule}.methods` })
  }
  const access = api.accessFor(method, path)
  if (head.forms !== 0 || path.includes('%')) {
    const loose = looseReading(path)
    if (snapshot.match(head.host, loose) !== api || !isSame(api.accessFor(method, loose), access)) {
      return err({ reason: 'bad_path', fault: 'ambiguous' })
    }
    // An API that takes `%2F` as data may still not lend a path to another API, for servers that split at it.
    if ((head.forms & pathForm.encodedSlash) !== 0 && snapshot.match(head.host, splitAtSlashes(path)) !== api) {
      return err({ reason: 'bad_path', fault: 'ambiguous' })
    }
  }
  return ok(access)
}

function splitAtSlashes(path: string): string {
  return looseReading(path.replaceAll('%2F', '/'))
}

function isSame(one: EffectiveAccess, other: EffectiveAccess): boolean {
  if (one === other) return true
  return one.routes.length === other.routes.length && one.routes.every((rule, at) => rule === other.routes[at])
}
