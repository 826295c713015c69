import { emptyTree, findChild, growTree, type SegmentNode, segmentEnd } from './segment-tree.ts'
import type { CompiledApi, Snapshot } from './snapshot.ts'

/**
 * Builds `Snapshot.match`: APIs of the named host first, then those of no host; among either the longest listen path,
 * by whole segments, wins. A match makes no object and no string. Two APIs in one place are a bug: `compile` refuses.
 */
export function buildMatcher(apis: readonly CompiledApi[]): Snapshot['match'] {
  const anyHost: SegmentNode<CompiledApi> = emptyTree()
  const hosts = new Map<string, SegmentNode<CompiledApi>>()
  for (const api of apis) {
    let node = anyHost
    if (api.plan.host !== undefined) {
      node = hosts.get(api.plan.host) ?? emptyTree()
      hosts.set(api.plan.host, node)
    }
    for (const segment of api.plan.segments) node = growTree(node, segment)
    if (node.value !== undefined) throw new Error(`APIs ${node.value.plan.id} and ${api.plan.id} listen in one place`)
    node.value = api
  }
  return function match(host: string, path: string): CompiledApi | undefined {
    const named = hosts.size === 0 ? undefined : hosts.get(host)
    return (named === undefined ? undefined : longestPrefix(named, path)) ?? longestPrefix(anyHost, path)
  }
}

function longestPrefix(root: SegmentNode<CompiledApi>, path: string): CompiledApi | undefined {
  let found = root.value
  let node = root
  let start = 1
  while (start < path.length) {
    const end = segmentEnd(path, start)
    const child = findChild(node, path, start, end)
    if (child === undefined) return found
    node = child
    found = child.value ?? found
    start = end + 1
  }
  return found
}
