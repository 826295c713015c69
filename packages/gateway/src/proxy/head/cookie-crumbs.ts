/** Values of all cookies of that name (RFC 6265 4.2.1), without surrounding quotes. */
export function findCookie(cookie: string, name: string): readonly string[] {
  const found: string[] = []
  for (let start = 0; start < cookie.length; ) {
    const end = crumbEnd(cookie, start)
    if (isNamed(cookie, start, end, name)) found.push(crumbValue(cookie, start, end))
    start = end + 1
  }
  return found
}

/** The header without the cookies of that name; empty when none is left. */
export function cutCookie(cookie: string, name: string): string {
  if (!cookie.includes(name)) return cookie
  let kept = ''
  for (let start = 0; start < cookie.length; ) {
    const end = crumbEnd(cookie, start)
    const crumb = cookie.slice(start, end).trim()
    if (crumb !== '' && !isNamed(cookie, start, end, name)) kept += `${kept === '' ? '' : '; '}${crumb}`
    start = end + 1
  }
  return kept
}

function crumbEnd(cookie: string, start: number): number {
  const end = cookie.indexOf(';', start)
  return end === -1 ? cookie.length : end
}

/** Lenient like the servers behind us: spaces around the name and around `=` do not hide a cookie. */
function isNamed(cookie: string, start: number, end: number, name: string): boolean {
  const equals = cookie.indexOf('=', start)
  const nameEnd = equals === -1 || equals > end ? end : equals
  return nameEnd - start >= name.length && cookie.slice(start, nameEnd).trim() === name
}

function crumbValue(cookie: string, start: number, end: number): string {
  const equals = cookie.indexOf('=', start)
  if (equals === -1 || equals > end) return ''
  const value = cookie.slice(equals + 1, end).trim()
  const quoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"')
  return quoted ? value.slice(1, -1) : value
}
