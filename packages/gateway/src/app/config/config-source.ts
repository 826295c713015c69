import type { ConfigPath, ConfigProblem } from '@jotgate/contract'

/** A place in a text file; both counted from 1, columns in UTF-16 units as editors do. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A configuration file, read: plain data (maps, lists, text, numbers, booleans, null), and where each part stands. */
export interface ConfigSource {
  readonly document: unknown
  /**
   * Where a configuration path (`apis.orders.access`) stands: its key, or the list item. For what is not there, the
   * nearest part that is; undefined only for a document without any.
   */
  readonly locate: (path: string) => Position | undefined
}

/** A problem and its place. `line` and `column` are absent when the file itself is the problem. */
export interface LocatedProblem extends ConfigProblem {
  readonly file: string
  readonly line?: number
  readonly column?: number
}

/** Counts lines once for many look-ups: offsets of line starts, searched by halves. */
export function positionsOf(text: string): (offset: number) => Position {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }
}

/** What is wrong with the text of a file, before it is a document. */
export interface TextFault {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly path?: ConfigPath
  /** Offset in the text. */
  readonly at: number
}
