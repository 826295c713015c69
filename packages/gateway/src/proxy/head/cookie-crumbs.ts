/** Values of all cookies of that name (RFC 6265 4.2.1), without surrounding quotes. */
export function findCookie(cookie: string, name: string): readonly string[] {
  const found: string[] = []
  for (let start = 0; start < cookie.length; ) {
    const end = crumbEnd(cookie, start)
    const crumb = cookie.slice(start, end)
    if (isNamed(crumb, name)) found.push(crumbValue(crumb))
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
    if (crumb !== '' && !isNamed(crumb, name)) kept += `${kept === '' ? '' : '; '}${crumb}`
    start = end + 1
  }
  return kept
}

function crumbEnd(cookie: string, start: number): number {
  const end = cookie.indexOf(';', start)
  return end === -1 ? cookie.length : end
}

/** Lenient like the servers behind us: spaces around the name and around `=` do not hide a cookie. */
function isNamed(crumb: string, name: string): boolean {
  // Looked for in the crumb alone: crumbs without one would each send the search through the rest of the header.
  const equals = crumb.indexOf('=')
  const nameEnd = equals === -1 ? crumb.length : equals
  return nameEnd >= name.length && crumb.slice(0, nameEnd).trim() === name
}

function crumbValue(crumb: string): string {
  const equals = crumb.indexOf('=')
  if (equals === -1) return ''
  const value = crumb.slice(equals + 1).trim()
  const quoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"')
  return quoted ? value.slice(1, -1) : value
}
