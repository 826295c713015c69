import { type ApiConfig, type ConfigPath, formatConfigPath } from '@jotgate/contract'
import { foldHeaderName } from '../domain/header-name.ts'
import { toClaimPath } from '../domain/read-claim.ts'
import type { CompilePorts } from './compile-ports.ts'
import { mutableClaims } from './compile-requirements.ts'
import type { ForwardedClaimPlan, TokenPlace } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** Which headers the upstream gets from claims (security rule S11). */
export function compileForwardedClaims(
  api: ApiConfig,
  places: readonly TokenPlace[],
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): readonly ForwardedClaimPlan[] {
  const seen = new Map<string, string>()
  return Object.entries(api.forward.claims).map(([header, given]) => {
    const { claim, unprintable } = typeof given === 'string' ? { claim: given, unprintable: 'encode' as const } : given
    const at = [...path, header]
    const folded = foldHeaderName(header)
    const other = seen.get(folded)
    if (other !== undefined) {
      const hint = 'servers may read `_` and `.` as `-`'
      problems.error(at, 'header_duplicate', `two claims for one header: \`${other}\` is there too`, hint)
    }
    seen.set(folded, header)
    if (isReserved(header, folded, ports)) {
      problems.error(
        at,
        'header_reserved',
        `\`${header}\` cannot carry a claim`,
        'use a name of your own, such as X-User',
      )
    } else if (places.some((place) => place.kind === 'header' && foldHeaderName(place.name) === folded)) {
      problems.error(at, 'header_reserved', `\`${header}\` carries the token`, 'use another name')
    }
    if (api.access === 'public') {
      problems.error(at, 'claim_without_token', 'a public API has no token to take claims from')
    }
    if (mutableClaims.includes(claim)) {
      const message = `\`${claim}\` can change hands: no identity for the upstream`
      problems.warn(at, 'mutable_claim', message, 'forward `iss` and `sub` for that')
    }
    return { path: toClaimPath(claim), header, unprintable, rule: formatConfigPath(at) }
  })
}

/** Headers that say who calls may be filled from claims: callers' own never pass. All other reserved ones may not. */
function isReserved(header: string, folded: string, ports: CompilePorts): boolean {
  const kind = ports.headerClass(header)
  if (kind === 'identity') return folded.startsWith('client-cert')
  return kind !== undefined || /^(authorization|cookie|set-cookie|origin|dpop|content-.*|sec-.*|via|date)$/.test(folded)
}
