import type { ConfigPath, TokenPlaceConfig } from '@jotgate/contract'
import type { CompilePorts } from './compile-ports.ts'
import { listed } from './issuer-keys.ts'
import type { TokenPlace } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** Where an API's tokens are looked for. */
export function compileTokenPlaces(
  given: TokenPlaceConfig | readonly TokenPlaceConfig[],
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): readonly TokenPlace[] {
  const seen = new Set<string>()
  return listed(given, path).map(([at, place]) => {
    const compiled = compilePlace(place, at, ports, problems)
    const key = `${compiled.kind} ${compiled.name}${compiled.kind === 'header' ? ` ${compiled.scheme ?? ''}` : ''}`
    if (seen.has(key)) problems.error(at, 'token_place_duplicate', 'this place is listed twice')
    seen.add(key)
    return compiled
  })
}

function compilePlace(
  place: TokenPlaceConfig,
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): TokenPlace {
  if ('header' in place) return headerPlace(place, path, ports, problems)
  if ('query' in place) {
    const message = 'tokens in a query end up in histories and in the logs of others'
    problems.warn([...path, 'query'], 'token_in_query', message, 'prefer a header')
    return { kind: 'query', name: place.query }
  }
  if (place.origins.length === 0) {
    const message = 'without `origins`, unsafe methods with this cookie are taken from the same origin only'
    problems.warn([...path, 'cookie'], 'cookie_same_origin', message)
  }
  for (const [index, origin] of place.origins.entries()) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue
    const hint = URL.canParse(origin) ? `write ${new URL(origin).origin}` : 'as in https://app.example.com'
    problems.error([...path, 'origins', index], 'invalid_origin', 'not an origin as browsers send it', hint)
  }
  return { kind: 'cookie', name: place.cookie, origins: place.origins }
}

function headerPlace(
  place: Extract<TokenPlaceConfig, { header: string }>,
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): TokenPlace {
  const name = place.header.toLowerCase()
  if (ports.headerClass(name) !== undefined || /^(cookie|set-cookie|origin|content-.*|sec-.*)$/.test(name)) {
    problems.error(
      [...path, 'header'],
      'header_reserved',
      `a token cannot come in \`${name}\``,
      'use authorization or x-…',
    )
  }
  const scheme = place.scheme === undefined ? (name === 'authorization' ? 'Bearer' : null) : place.scheme
  return { kind: 'header', name, scheme: scheme?.toLowerCase() }
}
