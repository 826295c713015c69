import { pathForm } from '../../src/domain/path-form.ts'

/** What `normalisePath` should say of a target, worked out slowly and in another way; undefined: refused. */
export function normaliseSlowly(target: string): { path: string; query: string; forms: number } | undefined {
  if (!/^\/[\x21-\x7e]*$/.test(target) || target.includes('#')) return undefined
  const [raw = '', ...rest] = target.split('?')
  const query = target.includes('?') ? `?${rest.join('?')}` : ''
  if (raw.length > 8192 || target.length > 73_728 || raw.includes('\\') || raw.startsWith('//')) return undefined
  if (/%(?![0-9a-fA-F]{2})/.test(raw)) return undefined
  if (/%(0.|1.|7f|5c)/i.test(raw)) return undefined
  const path = raw.replace(/%(..)/g, (escaped, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return /[A-Za-z0-9\-._~]/.test(character) ? character : escaped.toUpperCase()
  })
  if (path.split(/\/|;|%2F|%3B/).some((part) => part === '.' || part === '..')) return undefined
  const forms =
    (path.includes('%2F') ? pathForm.encodedSlash : 0) |
    (path.includes('//') ? pathForm.emptySegments : 0) |
    (/;|%3B/.test(path) ? pathForm.parameters : 0)
  return { path, query, forms }
}
