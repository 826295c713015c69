import type { CorsPlan } from '../../compile/plan.ts'
import { hashHeaderName } from '../../domain/header-name.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { addPermission, isAllowedOrigin } from '../answer/cors-headers.ts'
import type { RequestHead } from '../head/request-head.ts'

/** An answer without a body that the gateway gives itself. Without what every answer of ours carries. */
export interface PreflightAnswer {
  readonly status: 204
  readonly rawHeaders: readonly string[]
}

/**
 * Step 2b: the answer to a browser's question whether a page may send its request (CORS preflight, Fetch 4.8);
 * undefined for any other request. It carries no token, so it is answered before one is asked for, and never forwarded.
 * Access to private networks (`Access-Control-Request-Private-Network`) is never granted.
 */
export function answerPreflight(
  head: RequestHead,
  cors: CorsPlan | undefined,
): Result<PreflightAnswer, Reject> | undefined {
  if (cors === undefined || head.method !== 'OPTIONS' || head.origin === undefined) return undefined
  const method = fieldOf(head, 'access-control-request-method')
  if (method === undefined) return undefined
  const { origin } = head
  if (!isAllowedOrigin(cors, origin)) return refuse('origin', origin, `${cors.rule}.origins`)
  if (!cors.methods.includes(method)) return refuse('method', method, `${cors.rule}.methods`)
  const asked = namesIn(fieldOf(head, 'access-control-request-headers') ?? '')
  const unknown = asked.find((name) => !isAllowedHeader(cors, name))
  if (unknown !== undefined) return refuse('header', unknown, `${cors.rule}.headers`)

  const rawHeaders: string[] = []
  addPermission(rawHeaders, cors, origin)
  rawHeaders.push('access-control-allow-methods', cors.methods.join(', '))
  const headers = cors.headers === 'any' ? asked : cors.headers
  if (headers.length > 0) rawHeaders.push('access-control-allow-headers', headers.join(', '))
  rawHeaders.push('access-control-max-age', String(cors.maxAgeSeconds))
  return ok({ status: 204, rawHeaders })
}

function refuse(part: 'origin' | 'method' | 'header', asked: string, rule: string): Result<never, Reject> {
  return err({ reason: 'preflight_refused', part, asked, rule })
}

/** All values of a header, joined as a list; undefined when there is none. */
function fieldOf({ rawHeaders }: RequestHead, name: string): string | undefined {
  let value: string | undefined
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== name) continue
    value = value === undefined ? rawHeaders[at + 1] : `${value}, ${rawHeaders[at + 1]}`
  }
  return value
}

function namesIn(list: string): readonly string[] {
  return list.split(',').flatMap((name) => {
    const trimmed = name.trim().toLowerCase()
    return trimmed === '' ? [] : [trimmed]
  })
}

/** Where any header is allowed its name is repeated in the answer, so it must be one. */
function isAllowedHeader(cors: CorsPlan, name: string): boolean {
  return cors.headers === 'any' ? hashHeaderName(name) !== -1 : cors.headers.includes(name)
}
