import type { Config, ConfigProblem } from '@jotgate/contract'
import { compileConfig } from './compile-config.ts'
import type { CompilePorts } from './compile-ports.ts'
import { parseConfig } from './parse-config.ts'

type Entries = Readonly<Record<string, unknown>>

/**
 * What compiling says of a document the schema refuses, so that its operator hears everything at once. Left out are
 * the entries the schema refuses, APIs and applications that name such an issuer, and whatever may only seem wrong without them.
 */
export function compileSoundPart(document: unknown, ports: CompilePorts): readonly ConfigProblem[] {
  const { gateway, issuers, policies, applications, apis } = entriesOf(document)
  const soundIssuers = soundOf('issuers', entriesOf(issuers))
  const broken = new Set(Object.keys(entriesOf(issuers)).filter((id) => !Object.hasOwn(soundIssuers, id)))
  const soundApis = Object.entries(soundOf('apis', entriesOf(apis))).filter(
    ([, api]) => api.access === 'public' || !api.access.issuers.some((id) => broken.has(id)),
  )
  const soundPolicies = Object.keys(soundOf('policies', entriesOf(policies)))
  const soundApplications = Object.entries(soundOf('applications', entriesOf(applications))).flatMap(
    ([id, { claims = [] }]) => (claims.some(({ issuer }) => issuer !== undefined && broken.has(issuer)) ? [] : [id]),
  )
  const sound: Config | undefined = parse({
    ...(parse({ gateway }) === undefined ? {} : { gateway }),
    issuers: pick(issuers, Object.keys(soundIssuers)),
    policies: pick(policies, soundPolicies),
    applications: pick(applications, soundApplications),
    apis: pick(
      apis,
      soundApis.map(([id]) => id),
    ),
  })
  const compiled = sound === undefined ? undefined : compileConfig(sound, ports)
  if (compiled === undefined || compiled.ok) return []
  const isWhole =
    isAll(policies, soundPolicies.length) &&
    isAll(applications, soundApplications.length) &&
    isAll(apis, soundApis.length)
  return compiled.error.filter(
    ({ severity, code }) => severity === 'error' && code !== asksGateway && (isWhole || !asksEachOther.has(code)),
  )
}

/** Of one entry, and yet depends on another, which may have been left out. */
const asksGateway = 'upstream_is_gateway'
/** APIs, policies and applications name each other. */
const asksEachOther: ReadonlySet<string> = new Set([
  'policy_unknown',
  'api_unknown',
  'policy_not_asked',
  'policy_source',
  'identify_not_asked',
])

function isAll(entries: unknown, sound: number): boolean {
  return Object.keys(entriesOf(entries)).length === sound
}

function parse(part: Entries): Config | undefined {
  const parsed = parseConfig({ version: 1, apis: {}, ...part })
  return parsed.ok ? parsed.value : undefined
}

/** The entries of one map that the schema accepts each by itself. */
function soundOf<K extends 'issuers' | 'policies' | 'applications' | 'apis'>(kind: K, entries: Entries): Config[K] {
  const sound: Config[K] = {}
  for (const [id, entry] of Object.entries(entries)) Object.assign(sound, parse({ [kind]: { [id]: entry } })?.[kind])
  return sound
}

function pick(entries: unknown, ids: readonly string[]): Entries {
  return Object.fromEntries(ids.map((id) => [id, entriesOf(entries)[id]]))
}

function entriesOf(value: unknown): Entries {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
