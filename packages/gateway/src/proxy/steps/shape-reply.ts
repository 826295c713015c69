import type { CorsPlan } from '../../compile/plan.ts'
import {
  type HeaderNames,
  hasHeaderName,
  hashHeaderName,
  isSpellingOf,
  startsFolded,
} from '../../domain/header-name.ts'
import { addCorsHeaders } from '../answer/cors-headers.ts'
import type { CacheGuard } from '../cache-guard.ts'
import { connectionOptions } from '../head/connection-options.ts'
import { isFieldValue } from '../head/header-value.ts'
import { headerClass } from '../head/reserved-headers.ts'

const corsPrefix = 'access-control-'

/** Caches that only some vendors' shared caches obey, and that then overrule Cache-Control (RFC 9213). */
const targetedCacheControl: readonly string[] = ['cdn-cache-control', 'surrogate-control']

/**
 * Step 20: the header list for the caller. What belongs to the upstream's connection, frames its message, is reserved
 * or is no header at all is left out, `Connection`-named headers too; the decision id goes in. Shared caches are told
 * what `guard` says (S17). With `cors` the gateway alone says what
 * pages may read (S18). Framing and the connection are the listener's.
 */
export function shapeReply(
  rawHeaders: readonly string[],
  guard: CacheGuard | undefined,
  decisionId: string,
  cors?: CorsPlan,
  origin?: string,
): string[] {
  const hidden = guard?.isPrivate === true
  const options = namedByConnection(rawHeaders)
  const shaped: string[] = []
  let cacheControl: string | undefined
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    const value = rawHeaders[at + 1] ?? ''
    const hash = hashHeaderName(name)
    if (hash < 0 || !isFieldValue(value) || staysBehind(name, hash)) continue
    if (options !== undefined && hasHeaderName(options, name, hash)) continue
    if (cors !== undefined && startsFolded(name, corsPrefix)) continue
    if (hidden) {
      if (isSpellingOf(name, 'cache-control')) {
        cacheControl = cacheControl === undefined ? value : `${cacheControl}, ${value}`
        continue
      }
      if (targetedCacheControl.some((targeted) => isSpellingOf(name, targeted))) continue
    }
    shaped.push(name, value)
  }
  if (hidden) shaped.push('cache-control', privateCacheControl(cacheControl))
  for (const name of guard?.vary ?? []) shaped.push('vary', name)
  if (cors !== undefined) addCorsHeaders(shaped, cors, origin)
  shaped.push('jotgate-decision', decisionId)
  return shaped
}

function staysBehind(name: string, hash: number): boolean {
  const kind = headerClass(name, hash)
  return kind === 'hopByHop' || kind === 'framing' || kind === 'reserved'
}

function namedByConnection(rawHeaders: readonly string[]): HeaderNames | undefined {
  let value = ''
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (name.length === 10 && isSpellingOf(name, 'connection'))
      value += `${value === '' ? '' : ','}${rawHeaders[at + 1]}`
  }
  return value === '' ? undefined : connectionOptions(value)
}

/** The upstream's directives without those that let shared caches store (RFC 9111 5.2.2), and `private`. */
function privateCacheControl(value: string | undefined): string {
  if (value === undefined) return 'private'
  const kept: string[] = []
  for (const directive of splitList(value)) {
    const name = directive.split('=', 1)[0]?.trim().toLowerCase()
    if (name === 'no-store') return value
    if (name !== 'public' && name !== 's-maxage' && name !== 'private' && name !== '') kept.push(directive)
  }
  return ['private', ...kept].join(', ')
}

/** Members of a list; a comma inside quotes divides nothing (RFC 9110 5.6.1). */
function splitList(value: string): readonly string[] {
  const members: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at <= value.length; at++) {
    const code = value.charCodeAt(at)
    if (code === 0x22) quoted = !quoted
    if (at < value.length && (code !== 0x2c || quoted)) continue
    members.push(value.slice(start, at).trim())
    start = at + 1
  }
  return members
}
