import type { Config } from '@jotgate/contract'
import { matchIssuer } from '../domain/match-issuer.ts'
import type { ApplicationPlan, IssuerPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** An `iss` belongs to one application, and where applications sign for themselves to no issuer beside them (S4). */
export function checkOwnTokens(
  applications: readonly ApplicationPlan[],
  config: Config,
  issuers: ReadonlyMap<string, IssuerPlan | undefined>,
  problems: ProblemList,
): void {
  const owners = new Map<string, string>()
  for (const { id, tokens } of applications) {
    const match = tokens?.issuer.match
    if (match?.kind !== 'exact') continue
    const other = owners.get(match.iss)
    if (other !== undefined) {
      const message = `\`${other}\` signs tokens with the same \`iss\``
      problems.error(['applications', id, 'tokens', 'issuer'], 'issuer_overlap', message, 'give each its own `iss`')
    }
    owners.set(match.iss, id)
  }
  for (const [id, { access }] of Object.entries(config.apis)) {
    if (access === 'public' || access.identify?.by.includes('jwtKey') !== true) continue
    for (const [index, issuerId] of access.issuers.entries()) {
      const match = issuers.get(issuerId)?.match
      const shared = match === undefined ? undefined : [...owners.keys()].find((iss) => matchIssuer(match, iss))
      if (shared === undefined) continue
      const message = `a token's \`iss\` could belong to \`${issuerId}\` and to application \`${owners.get(shared)}\``
      const hint = 'one `iss` belongs to one signer: use two APIs, or name another `tokens.issuer`'
      problems.error(['apis', id, 'access', 'issuers', index], 'issuer_overlap', message, hint)
    }
  }
}
