import type { CorsPlan } from '../../compile/plan.ts'

/** Whether this origin's pages may call an API with this `cors`. */
export function isAllowedOrigin(cors: CorsPlan, origin: string): boolean {
  // Any page that has no origin to show (a sandboxed frame, a redirect) says `null`: it names nobody (S18).
  if (origin === 'null') return false
  return cors.origins === 'any' || cors.origins.includes(origin)
}

/**
 * Adds to an answer what lets a page read it: permission for the one origin that asked, if it is allowed, and what of
 * the headers it may see. `Vary` says always that the origin decides, or a cache would give one page's answer to another.
 */
export function addCorsHeaders(rawHeaders: string[], cors: CorsPlan, origin: string | undefined): void {
  rawHeaders.push('vary', 'Origin')
  if (origin === undefined || !isAllowedOrigin(cors, origin)) return
  addPermission(rawHeaders, cors, origin)
  rawHeaders.push('access-control-expose-headers', cors.expose)
}

/** The two headers that permission consists of (Fetch 3.2.3). `origin` is allowed. */
export function addPermission(rawHeaders: string[], cors: CorsPlan, origin: string): void {
  rawHeaders.push('access-control-allow-origin', cors.origins === 'any' ? '*' : origin)
  if (cors.credentials) rawHeaders.push('access-control-allow-credentials', 'true')
}
