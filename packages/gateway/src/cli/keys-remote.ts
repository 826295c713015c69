import type { Command } from 'commander'
import { escapeForTerminal } from '../telemetry/escape-text.ts'
import { type AdminAnswer, type AdminClient, openAdmin } from './admin-client.ts'
import { count, formatTable } from './format-table.ts'
import { formatRelative } from './format-time.ts'
import { type AdminFlags, withAdmin } from './option-sets.ts'
import { exitCodes, type Paint, type Terminal } from './terminal.ts'
import { toJson } from './to-json.ts'

interface RemoteFlags extends AdminFlags {
  readonly issuer?: string
  readonly kid?: string
  readonly json?: true
}

/** What the admin port tells of an issuer's fetched keys, as far as it is shown. */
export interface IssuerKeys {
  readonly issuerId: string
  readonly urls: readonly string[]
  readonly status: 'fresh' | 'stale' | 'unavailable'
  readonly fetchedAtMs?: number
  readonly expiresAtMs?: number
  readonly nextRefreshAtMs?: number
  readonly lastError?: { readonly message: string; readonly atMs: number }
  readonly keys: readonly {
    readonly kid?: string
    readonly thumbprint: string
    readonly algorithms: readonly string[]
    readonly note?: string
  }[]
  readonly problems: readonly string[]
  readonly distrusted: readonly string[]
}

/** `jotgate keys status`, `refresh` and `distrust`: the keys a running gateway fetched. */
export function addKeysRemote(keys: Command, terminal: Terminal): void {
  const status = keys
    .command('status')
    .description('show the keys a running gateway fetched: how old they are, and how the last fetch went')
    .option('--issuer <id>', 'of this issuer only')
    .option('--json', 'JSON instead of text')
  withAdmin(status)
    .addHelpText('after', '\nExamples:\n  jotgate keys status\n  jotgate keys status --issuer acme --json')
    .action(async (flags: RemoteFlags) => {
      process.exitCode = await printStatus(flags, terminal)
    })

  const refresh = keys
    .command('refresh')
    .description('make a running gateway fetch keys now, of one issuer or of all')
    .option('--issuer <id>', 'of this issuer only')
    .option('--json', 'JSON instead of text')
  withAdmin(refresh)
    .addHelpText('after', '\nExamples:\n  jotgate keys refresh\n  jotgate keys refresh --issuer acme')
    .action(async (flags: RemoteFlags) => {
      process.exitCode = await refreshKeys(flags, terminal)
    })

  const distrust = keys
    .command('distrust')
    .description('stop trusting a key at once and for good, whatever its provider still lists')
    .requiredOption('--issuer <id>', 'the issuer whose key it is')
    .requiredOption('--kid <id>', 'its key id, or its RFC 7638 thumbprint')
  withAdmin(distrust)
    .addHelpText('after', '\nExamples:\n  jotgate keys distrust --issuer acme --kid 2024-09')
    .action(async (flags: RemoteFlags & { readonly issuer: string; readonly kid: string }) => {
      process.exitCode = await distrustKey(flags, terminal)
    })
}

async function printStatus(flags: RemoteFlags, terminal: Terminal): Promise<number> {
  const admin = openAdmin(flags)
  if (!admin.ok) return terminal.fail(admin.error)
  const answer = await admin.value.get('/keys')
  if (!answer.ok) return terminal.fail(answer.error)
  const all = issuersOf(answer.value)
  const issuers = flags.issuer === undefined ? all : all.filter(({ issuerId }) => issuerId === flags.issuer)
  if (flags.issuer !== undefined && issuers.length === 0) return terminal.fail(unknownIssuer(flags.issuer, all))
  return print(issuers, flags, terminal)
}

async function refreshKeys(flags: RemoteFlags, terminal: Terminal): Promise<number> {
  const admin = openAdmin(flags)
  if (!admin.ok) return terminal.fail(admin.error)
  const known = await admin.value.get('/keys')
  if (!known.ok) return terminal.fail(known.error)
  const all = issuersOf(known.value)
  const wanted = all.map(({ issuerId }) => issuerId).filter((id) => flags.issuer === undefined || id === flags.issuer)
  if (flags.issuer !== undefined && wanted.length === 0) return terminal.fail(unknownIssuer(flags.issuer, all))
  const answers = await Promise.all(wanted.map((id) => post(admin.value, id, 'refresh')))
  const issuers: IssuerKeys[] = []
  for (const answer of answers) {
    if (!answer.ok) return terminal.fail(answer.error)
    issuers.push(answer.value as IssuerKeys)
  }
  print(issuers, flags, terminal)
  return issuers.every(({ lastError }) => lastError === undefined) ? exitCodes.done : exitCodes.refused
}

async function distrustKey(
  flags: RemoteFlags & { readonly issuer: string; readonly kid: string },
  terminal: Terminal,
): Promise<number> {
  const admin = openAdmin(flags)
  if (!admin.ok) return terminal.fail(admin.error)
  const answer = await post(admin.value, flags.issuer, 'distrust', { kid: flags.kid })
  if (!answer.ok) return terminal.fail(answer.error)
  // A gateway of this version answers with this shape.
  const { removed, saved } = answer.value as { readonly removed: readonly string[]; readonly saved: boolean }
  terminal.out(
    removed.length === 0
      ? `No key goes by ${JSON.stringify(flags.kid)} now; one that comes under it will not be trusted.\n`
      : `${count(removed.length, 'key')} distrusted on all workers: ${removed.join(', ')}\n`,
  )
  if (!saved) return terminal.fail('the data directory could not be written: this holds until the next restart only')
  return exitCodes.done
}

function post(admin: AdminClient, issuerId: string, verb: string, body?: object): Promise<AdminAnswer> {
  return admin.post(`/keys/${encodeURIComponent(issuerId)}/${verb}`, body)
}

function issuersOf(answer: unknown): readonly IssuerKeys[] {
  // A gateway of this version answers with this shape.
  return (answer as { readonly issuers: readonly IssuerKeys[] }).issuers
}

function unknownIssuer(issuerId: string, all: readonly IssuerKeys[]): string {
  const known = all.map((one) => one.issuerId).join(', ')
  return `no issuer ${JSON.stringify(issuerId)} fetches keys here; those that do: ${known === '' ? 'none' : known}`
}

function print(issuers: readonly IssuerKeys[], flags: RemoteFlags, terminal: Terminal): number {
  if (flags.json) terminal.out(toJson({ issuers }))
  else if (issuers.length === 0) terminal.out('No issuer fetches keys: all keys stand in the configuration.\n')
  else terminal.out(`${issuers.map((one) => formatIssuerKeys(one, Date.now(), terminal.paint)).join('\n\n')}\n`)
  return exitCodes.done
}

/** One issuer's fetched keys as text. */
export function formatIssuerKeys(issuer: IssuerKeys, nowMs: number, paint: Paint): string {
  const { issuerId, status, keys, urls, lastError, problems, distrusted } = issuer
  const colour = status === 'fresh' ? paint.green : status === 'stale' ? paint.yellow : paint.red
  const when = (name: string, atMs: number | undefined): readonly string[] =>
    atMs === undefined ? [] : [`  ${name} ${formatRelative(Math.floor(atMs / 1000), Math.floor(nowMs / 1000))}`]
  const rows = keys.map(({ kid, thumbprint, algorithms, note }) => [
    escapeForTerminal(kid ?? '-'),
    thumbprint,
    algorithms.join(' '),
    ...(note === undefined ? [] : [note]),
  ])
  return [
    `${paint.bold(issuerId)}  ${colour(status)}, ${count(keys.length, 'key')}`,
    ...urls.map((url) => `  from ${escapeForTerminal(url)}`),
    ...when('fetched', issuer.fetchedAtMs),
    ...when('next fetch', issuer.nextRefreshAtMs),
    ...(status === 'fresh' ? [] : when('unusable', issuer.expiresAtMs)),
    ...(lastError === undefined ? [] : [paint.red(`  last fetch failed: ${escapeForTerminal(lastError.message)}`)]),
    ...(rows.length === 0 ? [] : [formatTable([['KID', 'THUMBPRINT', 'ALGORITHMS'], ...rows], '  ')]),
    ...problems.map((problem) => paint.yellow(`  not used: ${escapeForTerminal(problem)}`)),
    ...(distrusted.length === 0 ? [] : [`  distrusted: ${distrusted.map(escapeForTerminal).join(', ')}`]),
  ].join('\n')
}
