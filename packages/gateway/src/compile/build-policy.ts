import { collectPatterns, type PatternTree, plantPatterns, takesMethod } from './pattern-tree.ts'
import type { PolicyPlan, RightPlan } from './plan.ts'
import { prefixEnd } from './segment-tree.ts'
import type { CompiledPolicy } from './snapshot.ts'

/** A policy with its rights sorted by API, their paths as trees; `plan` is frozen already. */
export function buildPolicy(plan: PolicyPlan): CompiledPolicy {
  const byApi = new Map<string, Right[]>()
  for (const right of plan.access) {
    const others = byApi.get(right.apiId)
    if (others === undefined) byApi.set(right.apiId, [toRight(right)])
    else others.push(toRight(right))
  }
  const matching: number[] = []

  function matches({ tree }: Right, path: string, start: number): boolean {
    if (tree === undefined) return true
    matching.length = 0
    collectPatterns(tree, path, start, matching)
    return matching.length > 0
  }

  return Object.freeze({
    plan,
    allows: (api, method, path) => {
      const rights = byApi.get(api.id)
      if (rights === undefined) return false
      const start = prefixEnd(path, api.segments.length) + 1
      return rights.some((right) => takesMethod(right.methods, method) && matches(right, path, start))
    },
  } satisfies CompiledPolicy)
}

interface Right {
  readonly methods: readonly string[] | undefined
  /** Undefined: every path. */
  readonly tree: PatternTree | undefined
}

function toRight({ methods, paths }: RightPlan): Right {
  return { methods, tree: paths === undefined ? undefined : plantPatterns(paths) }
}
