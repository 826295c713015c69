import { type ApiConfig, type Config, type ConfigPath, formatConfigPath } from '@jotgate/contract'
import { valuesKey } from './claim-index.ts'
import { didYouMean } from './did-you-mean.ts'
import type { ApplicationPlan, ClaimSetPlan, IssuerPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/**
 * What holds between claim sets, their issuers and each other (S27): a set is bound to an issuer as soon as tokens of
 * several could match it, to a tenant where the issuer has several, and belongs to one application.
 */
export function checkClaimSets(
  applications: readonly ApplicationPlan[],
  config: Config,
  issuers: ReadonlyMap<string, IssuerPlan | undefined>,
  problems: ProblemList,
): void {
  const open = issuersOpenToAll(config)
  const all: OwnedSet[] = []
  for (const application of applications) {
    const reachable = reachableIssuers(application, open, config)
    for (const [index, set] of application.claimSets.entries()) {
      const path = ['applications', application.id, 'claims', index]
      all.push({ application: application.id, path, set })
      checkBound(set, reachable, issuers, path, problems)
      for (const id of set.issuerId === undefined ? reachable : [set.issuerId]) {
        checkTenant(set, issuers.get(id), path, problems)
      }
    }
  }
  checkDuplicates(all, problems)
  checkTies(all, problems)
}

interface OwnedSet {
  readonly application: string
  readonly path: ConfigPath
  readonly set: ClaimSetPlan
}

/** Whose tokens count on the APIs that look for any registered application. */
function issuersOpenToAll({ apis }: Config): readonly string[] {
  const all = Object.values(apis).flatMap(({ access }) =>
    access === 'public' || access.identify?.lookup === 'strict' ? [] : signersOf(access),
  )
  return [...new Set(all)]
}

/** Stands for all applications that sign their own tokens. No id of an issuer has a space. */
const applicationsThemselves = 'applications themselves'

/** Issuers of an API that asks claims who is calling, and applications where they sign for themselves. */
function signersOf(access: ApiConfig['access']): readonly string[] {
  if (access === 'public' || access.identify?.by.includes('jwtClaims') !== true) return []
  return access.identify.by.includes('jwtKey') ? [...access.issuers, applicationsThemselves] : access.issuers
}

/** Issuers whose tokens may be asked whether they are this application's. */
function reachableIssuers(
  { subscriptions }: ApplicationPlan,
  open: readonly string[],
  { apis }: Config,
): ReadonlySet<string> {
  const subscribed = subscriptions.flatMap(({ apiId }) => {
    const access = Object.hasOwn(apis, apiId) ? apis[apiId]?.access : undefined
    return access === undefined ? [] : signersOf(access)
  })
  return new Set([...open, ...subscribed])
}

function checkBound(
  { issuerId }: ClaimSetPlan,
  reachable: ReadonlySet<string>,
  issuers: ReadonlyMap<string, IssuerPlan | undefined>,
  path: ConfigPath,
  problems: ProblemList,
): void {
  if (issuerId === undefined) {
    if (reachable.size < 2) return
    const [one, other] = [...reachable]
    const message = `tokens of \`${one}\` and of \`${other}\` could match it`
    problems.error(path, 'claims_unbound', message, 'write `issuer`: whose claims these are')
  } else if (!issuers.has(issuerId)) {
    const hint = didYouMean(issuerId, [...issuers.keys()]) ?? 'name one of `issuers`'
    problems.error([...path, 'issuer'], 'issuer_unknown', `there is no issuer \`${issuerId}\``, hint)
  } else if (!reachable.has(issuerId)) {
    const message = `no API this application may call trusts \`${issuerId}\``
    problems.warn([...path, 'issuer'], 'claims_unreachable', message, 'subscribe it to one that does')
  }
}

/** S3: every tenant of a pattern may name its users and clients as it likes. */
function checkTenant(
  { match }: ClaimSetPlan,
  issuer: IssuerPlan | undefined,
  path: ConfigPath,
  problems: ProblemList,
): void {
  if (issuer === undefined || issuer.match.kind === 'exact') return
  if (issuer.match.kind === 'pattern' && issuer.match.tenants?.length === 1) return
  // Without `issuer` any `iss` passes, as long as the key does.
  const tenant = issuer.match.kind === 'pattern' ? issuer.match.tenantClaim.text : 'iss'
  if (match.some((claim) => claim.path.text === 'iss' || claim.path.text === tenant)) return
  const message = `every tenant of \`${issuer.id}\` could match it`
  const hint = tenant === 'iss' ? 'add `iss`' : `add \`${tenant}\` or \`iss\``
  problems.error([...path, 'match'], 'claims_tenant_missing', message, hint)
}

/** The same claims with the same values, of one issuer or of any. */
function checkDuplicates(all: readonly OwnedSet[], problems: ProblemList): void {
  const taken = new Map<string, OwnedSet>()
  for (const one of all) {
    const { match, issuerId } = one.set
    const key = `${shapeOf(one.set)}${valuesKey(match.map(({ value }) => value))}`
    const other = taken.get(`${key} ${issuerId ?? ''}`)
    if (other === undefined) {
      taken.set(`${key} ${issuerId ?? ''}`, one)
      continue
    }
    const hint = 'one claim set belongs to one application: add a claim that tells them apart'
    problems.error(one.path, 'claims_duplicate', `the same claims as ${formatConfigPath(other.path)}`, hint)
  }
}

/** Two sets of as many claims that one token may match: nobody could say whose it is. Told once for each pair of shapes. */
function checkTies(all: readonly OwnedSet[], problems: ProblemList): void {
  const shapes = new Map<string, OwnedSet[]>()
  for (const one of all) {
    const key = `${shapeOf(one.set)} ${one.set.issuerId ?? ''}`
    const others = shapes.get(key)
    if (others === undefined) shapes.set(key, [one])
    else others.push(one)
  }
  for (const [group, other] of pairsThatMayTie([...shapes.values()])) {
    const tie = findTie(group, other)
    if (tie === undefined) continue
    const message = `a token may match this and ${formatConfigPath(tie.other.path)}, and is then refused`
    const hint = 'give one of them a claim more, or the other value of one they share'
    problems.warn(tie.one.path, 'claims_may_tie', message, hint)
  }
}

/** Shapes of as many claims, of one issuer or one of them of any: thousands of issuers are not compared with each other. */
function* pairsThatMayTie(
  groups: readonly (readonly OwnedSet[])[],
): Generator<readonly [readonly OwnedSet[], readonly OwnedSet[]]> {
  const before = new Map<string, (readonly OwnedSet[])[]>()
  const unbound = (set: ClaimSetPlan | undefined): number => (set?.issuerId === undefined ? 0 : 1)
  for (const group of [...groups].sort(([a], [b]) => unbound(a?.set) - unbound(b?.set))) {
    const [first] = group
    if (first === undefined) continue
    const { match, issuerId } = first.set
    for (const key of new Set([`${match.length}`, `${match.length} ${issuerId ?? ''}`.trim()])) {
      for (const other of before.get(key) ?? []) yield [other, group]
    }
    const own = `${match.length} ${issuerId ?? ''}`.trim()
    before.set(own, [...(before.get(own) ?? []), group])
  }
}

function findTie(
  group: readonly OwnedSet[],
  others: readonly OwnedSet[],
): { readonly one: OwnedSet; readonly other: OwnedSet } | undefined {
  const [first, second] = [group[0]?.set, others[0]?.set]
  if (first === undefined || second === undefined || first.match.length !== second.match.length) return undefined
  const shared = new Set(first.match.map(({ path }) => path.text))
  const names = new Set(second.match.flatMap(({ path }) => (shared.has(path.text) ? [path.text] : [])))
  const byShared = new Map<string, readonly OwnedSet[]>()
  for (const other of others) {
    const key = sharedKey(other.set, names)
    const known = byShared.get(key) ?? []
    // Sets of two applications are enough to find one that is another's.
    if (known.length < 2 && known[0]?.application !== other.application) byShared.set(key, [...known, other])
  }
  for (const one of group) {
    const other = byShared.get(sharedKey(one.set, names))?.find(({ application }) => application !== one.application)
    if (other !== undefined) return { one, other }
  }
  return undefined
}

function sharedKey({ match }: ClaimSetPlan, names: ReadonlySet<string>): string {
  return valuesKey(match.flatMap(({ path, value }) => (names.has(path.text) ? [value] : [])))
}

function shapeOf({ match }: ClaimSetPlan): string {
  return JSON.stringify(match.map(({ path }) => path.text))
}
