import type { Command } from 'commander'
import { defaultDataDir } from '../app/data-dir.ts'
import { registerApiKey } from '../app/offline-api-key.ts'
import { readGiven } from './read-given.ts'
import { exitCodes, type Terminal } from './terminal.ts'
import { toJson } from './to-json.ts'

interface ApiFlags {
  readonly data: string
  readonly id: string
  readonly key?: string
  readonly json?: true
}

/** `jotgate keys api`: an API key, shown once, and the line that registers it. */
export function addKeysApi(keys: Command, terminal: Terminal): void {
  keys
    .command('api')
    .description(
      'make an API key for an application: the key is printed once, its line for the configuration beside it',
    )
    .option('--id <id>', 'what the key is called in the configuration', 'k1')
    .option('--key <key>', 'register a key you have: @file, or - for standard input (default: a new one)')
    .option('--data <folder>', 'data directory of the gateway: keys are hashed with its master key', defaultDataDir)
    .option('--json', 'key and hash as JSON')
    .addHelpText('after', '\nExamples:\n  jotgate keys api\n  jotgate keys api --id old --key - < key.txt')
    .action(async (flags: ApiFlags) => {
      process.exitCode = await printApiKey(flags, terminal)
    })
}

async function printApiKey({ data, id, key, json }: ApiFlags, terminal: Terminal): Promise<number> {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(id)) {
    return terminal.fail(`--id ${id}: an id is 1 to 64 of a-z, 0-9 and -, starting with a letter or digit`)
  }
  const brought = key === undefined ? undefined : await readGiven(key, terminal)
  if (brought?.ok === false) return terminal.fail(brought.error)
  const made = registerApiKey(data, brought?.value)
  if (!made.ok) return terminal.fail(made.error)
  const { apiKey, hash, madeDataDir } = made.value
  if (madeDataDir !== undefined) {
    terminal.note(`Made a new data directory, ${madeDataDir}: the key counts for a gateway started on it.\n`)
  }
  const line = `apiKeys: [{ id: ${id}, hash: "${hash}" }]`
  const shown =
    brought === undefined ? [`API key   ${apiKey}`, '          (shown this once: nobody can read it again)'] : []
  terminal.out(
    json === true
      ? toJson(brought === undefined ? { id, apiKey, hash } : { id, hash })
      : `${[...shown, 'In jotgate.yaml, under the application:', `  ${line}`].join('\n')}\n`,
  )
  return exitCodes.done
}
