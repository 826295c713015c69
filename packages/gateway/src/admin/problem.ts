/** Why the admin port refuses a request; the body is a problem document (RFC 9457). */
export type AdminRefusal =
  | 'host_unknown'
  | 'origin_unknown'
  | 'admin_token_missing'
  | 'admin_token_wrong'
  | 'not_found'
  | 'body_invalid'
  | 'body_too_large'
  | 'no_worker'
  | 'internal_error'

const refusals: Readonly<Record<AdminRefusal, readonly [status: number, title: string]>> = {
  host_unknown: [421, 'The Host header names neither this machine nor a configured name (gateway.admin.hosts).'],
  origin_unknown: [403, 'Requests of other web pages are not answered.'],
  admin_token_missing: [401, 'The admin token is wanted: Authorization: Bearer <content of data/admin-token>.'],
  admin_token_wrong: [401, 'This is not the admin token of this gateway.'],
  not_found: [404, 'There is nothing here.'],
  body_invalid: [400, 'The body is not what this resource takes.'],
  body_too_large: [413, 'The body is too large.'],
  no_worker: [503, 'No worker answers.'],
  internal_error: [500, 'The gateway is at fault; its log says more.'],
}

/** The answer to a refused request. `detail` never repeats what the caller sent. */
export function refuse(code: AdminRefusal, detail?: string): Response {
  const [status, title] = refusals[code]
  const body = JSON.stringify({ type: 'about:blank', title, status, code, ...(detail === undefined ? {} : { detail }) })
  const headers: Record<string, string> = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' }
  if (status === 401) headers['WWW-Authenticate'] = 'Bearer realm="jotgate admin"'
  return new Response(body, { status, headers })
}
