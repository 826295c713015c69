import { headerLine } from './header-value.ts'

/** Names and values in turn as lines of a header block or a trailer section, each checked. */
export function headerLines(flat: readonly string[]): string {
  let lines = ''
  for (let at = 0; at + 1 < flat.length; at += 2) lines += headerLine(flat[at] ?? '', flat[at + 1] ?? '')
  return lines
}
