import { type ApiConfig, type ConfigPath, formatConfigPath } from '@jotgate/contract'
import { foldHeaderName } from '../domain/header-name.ts'
import { toClaimPath } from '../domain/read-claim.ts'
import type { CompilePorts } from './compile-ports.ts'
import { mutableClaims } from './compile-requirements.ts'
import type { ApiPlan, ForwardedClaimPlan, ForwardedFactPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** What the upstream is told about the caller beside the request itself (security rule S11). `carriers`: headers its credentials come in. */
export function compileForward(
  api: ApiConfig,
  carriers: readonly string[],
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): ApiPlan['forward'] {
  const { token, claims, application } = api.forward
  const filled = Object.entries({ claims, application }).flatMap(([section, headers]) =>
    Object.keys(headers).map((header) => ({ header, at: [...path, section, header] })),
  )
  checkHeaders(filled, carriers, ports, problems)
  return {
    token,
    claims: compileClaims(api, [...path, 'claims'], problems),
    application: compileFacts(api, [...path, 'application'], problems),
  }
}

function compileClaims(api: ApiConfig, path: ConfigPath, problems: ProblemList): readonly ForwardedClaimPlan[] {
  return Object.entries(api.forward.claims).map(([header, given]) => {
    const { claim, unprintable } = typeof given === 'string' ? { claim: given, unprintable: 'encode' as const } : given
    const at = [...path, header]
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

function compileFacts(api: ApiConfig, path: ConfigPath, problems: ProblemList): readonly ForwardedFactPlan[] {
  return Object.entries(api.forward.application).map(([header, fact]) => {
    if (api.access === 'public' || api.access.identify === undefined) {
      const hint = 'write `access.identify`, or drop it'
      problems.error([...path, header], 'identify_not_asked', 'this API asks nobody who is calling', hint)
    }
    if (fact === 'id' || fact === 'name' || fact === 'owner') return { header, fact, name: '' }
    return { header, fact: 'metadata', name: fact.slice('metadata.'.length) }
  })
}

/** Each header is filled once, and may be. */
function checkHeaders(
  filled: readonly { readonly header: string; readonly at: ConfigPath }[],
  carriers: readonly string[],
  ports: CompilePorts,
  problems: ProblemList,
): void {
  const seen = new Map<string, string>()
  for (const { header, at } of filled) {
    const folded = foldHeaderName(header)
    const other = seen.get(folded)
    if (other !== undefined) {
      const hint = 'servers may read `_` and `.` as `-`'
      problems.error(at, 'header_duplicate', `two values for one header: \`${other}\` is there too`, hint)
    }
    seen.set(folded, header)
    if (isReserved(header, folded, ports)) {
      const hint = 'use a name of your own, such as X-User'
      problems.error(at, 'header_reserved', `\`${header}\` cannot say who calls`, hint)
    } else if (carriers.some((name) => foldHeaderName(name) === folded)) {
      problems.error(at, 'header_reserved', `\`${header}\` carries the caller's credentials`, 'use another name')
    }
  }
}

/** Headers that say who calls may be filled from claims: callers' own never pass. All other reserved ones may not. */
function isReserved(header: string, folded: string, ports: CompilePorts): boolean {
  const kind = ports.headerClass(header)
  if (kind === 'identity') return folded.startsWith('client-cert')
  return kind !== undefined || /^(authorization|cookie|set-cookie|origin|dpop|content-.*|sec-.*|via|date)$/.test(folded)
}
