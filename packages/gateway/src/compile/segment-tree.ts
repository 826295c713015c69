import { looseReading } from './loose-reading.ts'

/** A tree of path segments that is walked without making a string; `T` is what hangs on a node. */
export interface SegmentNode<T> {
  value: T | undefined
  /** The node behind a `*` segment. */
  wildcard: SegmentNode<T> | undefined
  readonly children: Map<number, SegmentEdge<T>[]>
}

interface SegmentEdge<T> {
  readonly segment: string
  readonly node: SegmentNode<T>
  /** Whether `segment` is another reading of what was configured; a segment configured in so many words replaces it. */
  readonly alias: boolean
}

/** A tree with nothing in it. */
export function emptyTree<T>(): SegmentNode<T> {
  return { value: undefined, wildcard: undefined, children: new Map() }
}

/**
 * The node for one more segment, made when missing. It is also found by the segment's loose reading, so that a segment
 * configured as `%40me` and the request's two readings of it agree.
 */
export function growTree<T>(node: SegmentNode<T>, segment: string): SegmentNode<T> {
  const known = findEdge(node, segment, 0, segment.length)
  if (known?.alias === false) return known.node
  const grown: SegmentNode<T> = emptyTree()
  addEdge(node, { segment, node: grown, alias: false })
  const loose = looseReading(segment)
  if (findEdge(node, loose, 0, loose.length) === undefined) addEdge(node, { segment: loose, node: grown, alias: true })
  return grown
}

/** The node behind the segment that `path` holds from `start` to `end`. */
export function findChild<T>(
  node: SegmentNode<T>,
  path: string,
  start: number,
  end: number,
): SegmentNode<T> | undefined {
  return findEdge(node, path, start, end)?.node
}

function findEdge<T>(node: SegmentNode<T>, path: string, start: number, end: number): SegmentEdge<T> | undefined {
  if (node.children.size === 0) return undefined
  const edges = node.children.get(hashSegment(path, start, end))
  if (edges === undefined) return undefined
  for (const edge of edges) {
    if (edge.segment.length === end - start && path.startsWith(edge.segment, start)) return edge
  }
  return undefined
}

/** Where the segment that begins at `start` ends: at the next slash or the end of the path. */
export function segmentEnd(path: string, start: number): number {
  const slash = path.indexOf('/', start)
  return slash === -1 ? path.length : slash
}

/** Index of the slash before segment number `count`, or the path's length: where a prefix of `count` segments ends. */
export function prefixEnd(path: string, count: number): number {
  let end = 0
  for (let passed = 0; passed < count && end < path.length; passed++) end = segmentEnd(path, end + 1)
  return end
}

function addEdge<T>(node: SegmentNode<T>, added: SegmentEdge<T>): void {
  const hash = hashSegment(added.segment, 0, added.segment.length)
  const others = (node.children.get(hash) ?? []).filter((edge) => edge.segment !== added.segment)
  node.children.set(hash, [...others, added])
}

function hashSegment(text: string, start: number, end: number): number {
  let hash = 0
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) & 0x3fffffff
  return hash
}
