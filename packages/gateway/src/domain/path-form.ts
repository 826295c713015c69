import type { PathFault } from './reject.ts'

/** One bit for each path form that is refused unless an API opts in, so that a set of them is a small integer. */
export const pathForm = {
  /** `%2F` inside a segment. */
  encodedSlash: 1,
  /** `//` inside the path; a trailing slash is not an empty segment. */
  emptySegments: 2,
  /** `;` in a segment, raw or as `%3B` (RFC 3986 3.3: path parameters). */
  parameters: 4,
} as const

/** Why a path with these forms is refused; `forms` holds at least one bit. */
export function pathFormFault(forms: number): PathFault {
  if ((forms & pathForm.encodedSlash) !== 0) return 'encoded_slash'
  return (forms & pathForm.emptySegments) !== 0 ? 'empty_segment' : 'parameter'
}
