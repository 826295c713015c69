import type {
  FoundApplication,
  NearApplication,
  Refusal,
  SimulatedCaller,
  SimulatedPolicy,
  Simulation,
} from '../app/offline-simulation.ts'
import { formatRule } from './format-decision.ts'
import { count, formatTable } from './format-table.ts'
import { formatSpan } from './format-time.ts'
import type { Paint } from './terminal.ts'

/**
 * A simulation for people: who is calling, whom the claims come near to, with what policies, and the verdict.
 * `sourceLine`: the line of the configuration that refuses.
 */
export function formatSimulation(simulation: Simulation, sourceLine: string | undefined, paint: Paint): string {
  const { caller, closest } = simulation
  const near = closest.map(nearRow)
  const lines = [
    entry('caller', formatCaller(caller)),
    ...(caller.by === 'token' ? [entry('', paint.yellow(unchecked))] : []),
    ...formatSelfAsserted(caller).map((line) => entry('', paint.yellow(line))),
    entry('application', formatApplication(simulation, paint)),
    ...columnsOf('closest', near),
    ...formatPolicies(simulation, paint),
    '',
    ...formatVerdict(simulation, sourceLine, paint),
  ]
  return `${lines.join('\n')}\n`
}

const unchecked = 'the signature was not checked: anybody can write such a token'

const labelWidth = 13

function entry(label: string, text: string): string {
  return `${label.padEnd(labelWidth)}${text}`
}

function columnsOf(label: string, rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return []
  return formatTable(rows)
    .split('\n')
    .map((line, index) => entry(index === 0 ? label : '', line))
}

function formatCaller({ by, issuer, application, assumed, apiKey }: SimulatedCaller): string {
  if (by === 'none') return apiKey ? 'no token; an API key' : 'no token'
  const entity = application === undefined ? issuer && `issuer ${issuer}` : `application ${application} itself`
  const vouched = entity === undefined ? '' : ` of ${entity}, taken as genuine`
  const key = apiKey ? ', and an API key' : ''
  const fresh = assumed.length === 0 ? '' : `; ${assumed.join(', ')} as a fresh token has them`
  return `${by === 'claims' ? 'claims' : 'a token'}${vouched}${key}${fresh}`
}

/** A token may have 256 members, of any length; nobody reads more than these. */
const namesMax = 8
const nameMax = 40

/** An application's own word: what it said beside who it is, and what of that is believed. */
function formatSelfAsserted({ selfAsserted }: SimulatedCaller): readonly string[] {
  if (selfAsserted === undefined) return []
  const { ignored, believed } = selfAsserted
  return [
    ...(ignored.length === 0 ? [] : [`counts for nothing: ${listNames(ignored)} (its own word)`]),
    ...(believed.length === 0 ? [] : [`believed: ${listNames(believed)} (its own word; trustSelfAsserted lists it)`]),
  ]
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, namesMax).map((name) => {
    const characters = [...name]
    return characters.length > nameMax ? `${characters.slice(0, nameMax - 1).join('')}…` : name
  })
  const more = names.length - shown.length
  return more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${more} more`
}

const notReached = 'not asked: the caller is refused before'

function formatApplication({ api, application }: Simulation, paint: Paint): string {
  if (application === undefined) return paint.dim(notReached)
  const { asked, found, refusal } = application
  if (!asked) return paint.dim(`API ${api} does not ask which application is calling`)
  if (found === undefined) {
    return refusal === undefined ? 'nobody, which this API lets in' : paint.red(`none: ${formatReason(refusal)}`)
  }
  const words = formatFound(found)
  return refusal === undefined ? paint.green(words) : `${words}; ${paint.red(formatReason(refusal))}`
}

function formatFound({ id, name, status, by }: FoundApplication): string {
  const called = name === id ? '' : ` "${name}"`
  return `${id}${called}, ${status}${by.length === 0 ? '' : `, by ${by.join(' and ')}`}`
}

function formatReason({ reason, seen }: Refusal): string {
  return `${reason} (${seen})`
}

function nearRow({ id, claims, matching, mismatches, needsSubscription }: NearApplication): readonly string[] {
  const stranger = needsSubscription ? ['not subscribed'] : []
  const why = [...mismatches.map(({ words }) => words), ...stranger]
  return [id, `${matching} of ${count(claims, 'claim')}`, why.length === 0 ? 'matches as well' : why.join('; ')]
}

function formatPolicies({ api, policies }: Simulation, paint: Paint): readonly string[] {
  if (policies === undefined) return [entry('policies', paint.dim(notReached))]
  const { asked, merge, granted, refusal } = policies
  if (!asked) return [entry('policies', paint.dim(`API ${api} asks for none: whoever is let in may call all of it`))]
  if (refusal !== undefined) return [entry('policies', paint.red(`none: ${formatReason(refusal)}`))]
  const from = granted.map(({ id, from }) => [id, `by ${from.join(' and ')}`])
  const rule = merge === 'strict' ? 'strict: all of them must let a request through' : 'permissive: one is enough'
  return [
    ...columnsOf('policies', from),
    ...columnsOf('grants', granted.flatMap(grantRows)),
    ...(granted.length > 1 ? [entry('merge', rule)] : []),
  ]
}

function grantRows({ id, rights, maxTokenAgeSeconds, validUntil }: SimulatedPolicy): readonly (readonly string[])[] {
  const terms = [
    ...(maxTokenAgeSeconds === undefined ? [] : [`tokens of at most ${formatSpan(maxTokenAgeSeconds)}`]),
    ...(validUntil === undefined ? [] : [`until ${validUntil}`]),
  ].join('; ')
  if (rights.length === 0) return [[id, 'nothing', 'on this API']]
  return rights.map(({ methods, paths }, index) => [
    index === 0 ? id : '',
    methods === 'all' ? 'all methods' : methods.join(' '),
    paths.join(' '),
    terms,
  ])
}

function formatVerdict(
  { api, request, allowed, refusal }: Simulation,
  sourceLine: string | undefined,
  paint: Paint,
): readonly string[] {
  const what = request === undefined ? `API ${api}` : `${request.method} ${request.path}`
  if (allowed) {
    const open = request?.public === true ? ', as anybody: this route is public' : ''
    return [
      `${paint.green(request === undefined ? 'nothing refuses this caller' : 'would be let through')}: ${what}${open}`,
    ]
  }
  if (refusal === undefined) return [`${paint.red('would be refused')}: ${what}`]
  const { reason, seen, wanted, rule, hint } = refusal
  return [
    `${paint.red(`would be refused: ${reason}`)}: ${what}`,
    `  seen    ${seen}`,
    `  wanted  ${wanted}`,
    ...(rule === undefined ? [] : [`  rule    ${formatRule(rule)}`]),
    ...(sourceLine === undefined ? [] : [paint.dim(`            ${sourceLine}`)]),
    `  hint    ${paint.bold(hint)}`,
    `  more    docs/failure-modes.md#${reason}`,
  ]
}
