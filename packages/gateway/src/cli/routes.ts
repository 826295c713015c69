import type { Command } from 'commander'
import type { LostProtection, RouteProtection } from '../app/offline.ts'
import { count, formatTable } from './format-table.ts'
import { loadFile } from './load-file.ts'
import { type ReferenceFlags, withReferences } from './option-sets.ts'
import { exitCodes, type Terminal } from './terminal.ts'
import { toJson } from './to-json.ts'

interface RoutesFlags extends ReferenceFlags {
  readonly config: string
  readonly against?: string
  readonly json?: true
}

/** `jotgate routes`: what protects each route, and what it lost since another version of the configuration. */
export function addRoutes(program: Command, terminal: Terminal): void {
  const command = program
    .command('routes')
    .description('tell what protects each route of a configuration, or what it lost since another version')
    .option('-c, --config <file>', 'configuration file', 'jotgate.yaml')
    .option('--against <file>', 'an earlier version: exit code 1 when a route lost a protection since')
    .option('--json', 'one JSON object instead of text')
  withReferences(command)
    .addHelpText(
      'after',
      `
With --against the two are compared wherever any of their paths meet: an issuer trusted since, an audience, claim or
scope no longer asked for, a policy that grants more, a route that was opened. What is new has nothing to lose.

Examples:
  jotgate routes
  git show main:jotgate.yaml > before.yaml && jotgate routes --against before.yaml`,
    )
    .action(async (flags: RoutesFlags) => {
      const { against } = flags
      process.exitCode = against === undefined ? await list(flags, terminal) : await compare(against, flags, terminal)
    })
}

async function list(flags: RoutesFlags, terminal: Terminal): Promise<number> {
  const { routesOf } = await import('../app/offline.ts')
  const loaded = await loadFile(flags.config, flags)
  if (!loaded.ok) return terminal.fail(loaded.error)
  const routes = routesOf(loaded.value)
  terminal.out(flags.json ? toJson({ routes }) : formatRoutes(routes))
  return exitCodes.done
}

async function compare(against: string, flags: RoutesFlags, terminal: Terminal): Promise<number> {
  const { lostSince } = await import('../app/offline.ts')
  const [before, after] = [await loadFile(against, flags), await loadFile(flags.config, flags)]
  for (const loaded of [before, after]) if (!loaded.ok) terminal.fail(loaded.error)
  if (!before.ok || !after.ok) return exitCodes.refused
  const lost = lostSince(before.value, after.value)
  terminal.out(flags.json ? toJson({ lost }) : formatLost(lost, against))
  return lost.length === 0 ? exitCodes.done : exitCodes.refused
}

/** A table: each route with what protects it. */
export function formatRoutes(routes: readonly RouteProtection[]): string {
  const rows = routes.map(({ api, place, methods, protections }) => [
    api,
    place,
    methods === 'all' ? methods : methods.join(' '),
    protections.length === 0 ? 'nothing: it is open' : protections.join('; '),
  ])
  return `${formatTable([['API', 'PATH', 'METHODS', 'PROTECTED BY'], ...rows])}\n`
}

/** A table: what was lost where, and for which methods. */
export function formatLost(lost: readonly LostProtection[], since: string): string {
  if (lost.length === 0) return `No route lost a protection since ${since}.\n`
  const rows = lost.map((one) => [one.place, one.methods.join(' '), one.lost])
  const summary = `${count(lost.length, 'protection')} lost since ${since}.`
  return `${formatTable([['PATH', 'METHODS', 'LOST'], ...rows])}\n\n${summary}\n`
}
