import type { Command } from 'commander'
import type { LocatedProblem } from '../app/offline.ts'
import { openAdmin } from './admin-client.ts'
import { loadFile } from './load-file.ts'
import { type AdminFlags, type ReferenceFlags, withAdmin, withReferences } from './option-sets.ts'
import { exitCodes, type Terminal } from './terminal.ts'
import { toJson } from './to-json.ts'

interface ShowFlags extends ReferenceFlags, AdminFlags {
  readonly config?: string
  readonly json?: true
}

/** What the admin port answers at `/config`, as far as it is shown. */
interface ConfigurationView {
  readonly generation: number
  readonly file: string
  readonly document: unknown
  readonly refused?: { readonly problems: readonly LocatedProblem[] }
}

/** `jotgate config`: the configuration as the gateway understands it. */
export function addConfig(program: Command, terminal: Terminal): void {
  const config = program
    .command('config')
    .description('the configuration as the gateway understands it')
    .addHelpText('after', '\nExamples:\n  jotgate config show')
  const show = config
    .command('show')
    .description('print the effective configuration: every default filled in, every secret hidden')
    .option('-c, --config <file>', 'show this file instead of what a running gateway has in force')
    .option('--json', 'JSON instead of YAML')
  withAdmin(withReferences(show))
    .addHelpText(
      'after',
      `
Durations are shown in milliseconds, sizes in bytes.

Examples:
  jotgate config show
  jotgate config show --config jotgate.yaml
  jotgate config show --json | jq .apis`,
    )
    .action(async (flags: ShowFlags) => {
      process.exitCode =
        flags.config === undefined ? await showRunning(flags, terminal) : await showFile(flags.config, flags, terminal)
    })
}

async function showFile(file: string, flags: ShowFlags, terminal: Terminal): Promise<number> {
  const { effectiveDocument, toYaml } = await import('../app/offline.ts')
  const loaded = await loadFile(file, flags)
  if (!loaded.ok) return terminal.fail(loaded.error)
  print(effectiveDocument(loaded.value), `# ${file}: ${notice}`, flags, toYaml, terminal)
  return exitCodes.done
}

async function showRunning(flags: ShowFlags, terminal: Terminal): Promise<number> {
  const { formatProblem, toYaml } = await import('../app/offline.ts')
  const admin = openAdmin(flags)
  if (!admin.ok) return terminal.fail(`${admin.error}; or name a file with --config`)
  const answer = await admin.value.get('/config')
  if (!answer.ok) return terminal.fail(answer.error)
  // A gateway of this version answers with this shape.
  const { generation, file, document, refused } = answer.value as ConfigurationView
  print(document, `# ${file}, generation ${generation} in force: ${notice}`, flags, toYaml, terminal)
  if (refused !== undefined) {
    const lines = refused.problems.map(formatProblem)
    terminal.note(`${['The file was changed since, and the change is refused:', ...lines].join('\n')}\n`)
  }
  return exitCodes.done
}

const notice = 'every default, durations in milliseconds, sizes in bytes, secrets hidden'

function print(
  document: unknown,
  heading: string,
  flags: ShowFlags,
  toYaml: (document: unknown) => string,
  terminal: Terminal,
): void {
  terminal.out(flags.json ? toJson(document) : `${heading}\n${toYaml(document)}`)
}
