import type { ConfigPath, IssuerConfig } from '@jotgate/contract'
import { compileIssuerPattern, type IssuerPatternFault, isIssuerPattern } from '../domain/compile-issuer-pattern.ts'
import type { IssuerMatch } from '../domain/issuer-match.ts'
import { toClaimPath } from '../domain/read-claim.ts'
import type { ProblemList } from './problem-list.ts'

/** Which `iss` values an issuer entry stands for (security rule S3); undefined when the entry does not say it rightly. */
export function compileIssuerMatch(
  issuer: IssuerConfig,
  path: ConfigPath,
  problems: ProblemList,
): IssuerMatch | undefined {
  const text = issuer.issuer
  if (text === undefined || !isIssuerPattern(text)) checkNoTenants(issuer, path, problems)
  if (text === undefined) {
    if (!issuer.requireIssuer) return { kind: 'any' }
    const hint = 'write the exact `iss` of its tokens, or `requireIssuer: false`'
    problems.error(path, 'issuer_missing', 'an issuer needs `issuer`', hint)
    return undefined
  }
  const at = [...path, 'issuer']
  if (!issuer.requireIssuer) {
    problems.error(
      [...path, 'requireIssuer'],
      'contradiction',
      '`issuer` is given and must not matter',
      'drop one of them',
    )
    return undefined
  }
  if (text !== text.trim()) {
    problems.error(at, 'issuer_form', 'white space at an end', '`iss` is compared exactly')
    return undefined
  }
  return isIssuerPattern(text) ? compilePattern(issuer, text, path, problems) : { kind: 'exact', iss: text }
}

const faultWords: Readonly<Record<IssuerPatternFault, string>> = {
  not_a_url: 'a pattern must be an http or https URL without query',
  not_one_name: 'a pattern has exactly one `{name}`',
  bad_name: 'the name in braces is letters, digits and _',
  in_authority: '`{name}` must not be in the scheme or host: whoever owns another host would be trusted',
  not_a_whole_segment: '`{name}` must fill a whole path segment',
}

function compilePattern(
  issuer: IssuerConfig,
  text: string,
  path: ConfigPath,
  problems: ProblemList,
): IssuerMatch | undefined {
  const ends = compileIssuerPattern(text)
  if (!ends.ok) {
    const hint = 'as in https://id.example.com/{tenant}/v2.0'
    problems.error([...path, 'issuer'], 'issuer_pattern', faultWords[ends.error], hint)
    return undefined
  }
  if (issuer.tenants === undefined && !issuer.anyTenant) {
    const hint = 'list them in `tenants`, or write `anyTenant: true`'
    problems.error([...path, 'issuer'], 'tenants_missing', 'a pattern must say which values it takes', hint)
    return undefined
  }
  if (issuer.tenants !== undefined && issuer.anyTenant) {
    problems.error([...path, 'anyTenant'], 'contradiction', '`tenants` are listed and any is taken', 'drop one of them')
    return undefined
  }
  for (const [index, tenant] of (issuer.tenants ?? []).entries()) {
    if (tenant !== '.' && tenant !== '..') continue
    problems.error([...path, 'tenants', index], 'tenant_form', 'a dot segment is no tenant')
  }
  return { kind: 'pattern', ...ends.value, tenants: issuer.tenants, tenantClaim: toClaimPath(issuer.tenantClaim) }
}

function checkNoTenants(issuer: IssuerConfig, path: ConfigPath, problems: ProblemList): void {
  const hint = 'write `{name}` into `issuer`, or drop this'
  for (const key of ['tenants', 'anyTenant'] as const) {
    if (issuer[key] === undefined || issuer[key] === false) continue
    problems.error([...path, key], 'contradiction', `\`${key}\` needs an issuer pattern`, hint)
  }
}
