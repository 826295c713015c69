import { err, ok, type Result } from './result.ts'

/** The two fixed ends of an issuer pattern; what lies between them is the tenant. */
export interface IssuerPatternEnds {
  readonly prefix: string
  readonly suffix: string
}

export type IssuerPatternFault = 'not_a_url' | 'not_one_name' | 'bad_name' | 'in_authority' | 'not_a_whole_segment'

/** Whether a configured issuer means to be a pattern: braces have no place in an exact issuer URL. */
export function isIssuerPattern(text: string): boolean {
  return text.includes('{') || text.includes('}')
}

/**
 * Reads an issuer pattern (S3): an http(s) URL with exactly one `{name}`, filling one whole path segment, never the
 * scheme or host.
 */
export function compileIssuerPattern(text: string): Result<IssuerPatternEnds, IssuerPatternFault> {
  const scheme = text.startsWith('https://') ? 'https://' : text.startsWith('http://') ? 'http://' : undefined
  if (scheme === undefined || text.includes('?') || text.includes('#')) return err('not_a_url')
  const open = text.indexOf('{')
  const close = text.indexOf('}')
  if (open < 0 || close < open || open !== text.lastIndexOf('{') || close !== text.lastIndexOf('}')) {
    return err('not_one_name')
  }
  if (!/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(text.slice(open + 1, close))) return err('bad_name')
  const path = text.indexOf('/', scheme.length)
  if (path === scheme.length) return err('not_a_url')
  if (path < 0 || open < path) return err('in_authority')
  const after = text[close + 1]
  if (text[open - 1] !== '/' || (after !== undefined && after !== '/')) return err('not_a_whole_segment')
  return ok({ prefix: text.slice(0, open), suffix: text.slice(close + 1) })
}
