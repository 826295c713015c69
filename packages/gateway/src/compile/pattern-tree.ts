import type { PathPattern } from './plan.ts'
import { emptyTree, findChild, growTree, type SegmentNode, segmentEnd } from './segment-tree.ts'

/** Patterns that end at a node of the tree, as positions in the list they were planted from. */
interface PatternsHere {
  readonly exact: number[]
  readonly rest: number[]
}

/** A tree that finds the patterns a path matches. */
export type PatternTree = SegmentNode<PatternsHere>

/** A tree of these patterns; `*` takes one segment that is not empty. */
export function plantPatterns(patterns: readonly PathPattern[]): PatternTree {
  const root: PatternTree = emptyTree()
  for (const [position, { segments, rest }] of patterns.entries()) {
    let node = root
    for (const segment of segments) {
      if (segment === '*') {
        node.wildcard ??= emptyTree()
        node = node.wildcard
      } else {
        node = growTree(node, segment)
      }
    }
    node.value ??= { exact: [], rest: [] }
    if (rest) node.value.rest.push(position)
    else node.value.exact.push(position)
  }
  return root
}

/**
 * Adds to `into` the positions of all patterns that `path` matches from `start` on; a trailing slash makes no
 * difference. Visits each node of the tree at most once: the work is bounded by the number of segments configured.
 */
export function collectPatterns(node: PatternTree, path: string, start: number, into: number[]): void {
  const here = node.value
  if (here !== undefined) for (const position of here.rest) into.push(position)
  if (start >= path.length) {
    if (here !== undefined) for (const position of here.exact) into.push(position)
    return
  }
  const end = segmentEnd(path, start)
  const child = findChild(node, path, start, end)
  if (child !== undefined) collectPatterns(child, path, end + 1, into)
  if (node.wildcard !== undefined && end > start) collectPatterns(node.wildcard, path, end + 1, into)
}

/** Whether a rule for these methods (undefined: all) holds for this one; one for GET also does for HEAD (RFC 9110 9.3.2). */
export function takesMethod(methods: readonly string[] | undefined, method: string): boolean {
  if (methods === undefined || methods.includes(method)) return true
  return method === 'HEAD' && methods.includes('GET')
}
