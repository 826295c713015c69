import type { ConfigPath } from '@jotgate/contract'
import { foldHeaderName } from '../domain/header-name.ts'
import type { CompilePorts } from './compile-ports.ts'
import type { ProblemList } from './problem-list.ts'

type About = 'method' | 'path' | 'origin'

/**
 * What an API may let through of all that is dropped by default, and what an upstream that obeys it is told. Names that
 * say who calls are not among them, nor those the gateway writes itself.
 */
const allowable: ReadonlyMap<string, About> = new Map<string, About>([
  ['x-http-method', 'method'],
  ['x-http-method-override', 'method'],
  ['x-method-override', 'method'],
  ['x-original-method', 'method'],
  ['x-original-uri', 'path'],
  ['x-original-url', 'path'],
  ['x-rewrite-url', 'path'],
  ['x-forwarded-prefix', 'origin'],
  ['x-original-host', 'origin'],
  ['cf-connecting-ip', 'origin'],
  ['fastly-client-ip', 'origin'],
  ['true-client-ip', 'origin'],
  ['x-client-ip', 'origin'],
  ['x-cluster-client-ip', 'origin'],
  ['x-real-ip', 'origin'],
])

const meanings: { readonly [A in About]: string } = {
  method: '`methods` and `routes` judge the method of the request line, the upstream may act on another',
  path: '`routes` judge the path of the request line, the upstream may act on another',
  origin: "what it says of where a request came from is anybody's word",
}

/** Override and look-alike headers that an API lets through by name (security rule S12): each is a named loosening. */
export function compileAllowedHeaders(
  names: readonly string[],
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): readonly string[] {
  const seen = new Set<string>()
  for (const [index, name] of names.entries()) {
    const at = [...path, index]
    const folded = foldHeaderName(name)
    const about = allowable.get(folded)
    if (seen.has(folded)) problems.error(at, 'header_duplicate', `\`${name}\` is listed twice`, 'drop one')
    seen.add(folded)
    if (about !== undefined) {
      const hint = 'only for an upstream that needs it, and decides nothing that matters by it'
      problems.warn(at, 'header_allowed', `callers may send \`${name}\`: ${meanings[about]}`, hint)
    } else if (ports.headerClass(name) === undefined) {
      problems.error(at, 'header_passes', `\`${name}\` is not dropped: there is nothing to allow`, 'drop it here')
    } else {
      const hint = `known are ${[...allowable.keys()].join(', ')}`
      problems.error(at, 'header_reserved', `a caller's \`${name}\` never passes`, hint)
    }
  }
  return [...seen]
}
