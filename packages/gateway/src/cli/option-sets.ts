import { type Command, Option } from 'commander'
import { defaultDataDir } from '../app/data-dir.ts'

/** How references of a configuration may be resolved, as `start` takes it. */
export interface ReferenceFlags {
  readonly allowEnv: readonly string[]
  readonly secretsDir?: string
}

/** Where a running gateway is found. */
export interface AdminFlags {
  readonly data: string
  readonly admin?: string
}

/** Adds the options of every command that loads a configuration file. */
export function withReferences(command: Command): Command {
  return command
    .addOption(repeatable('--allow-env <name>', 'a variable ${env:...} may name beside JOTGATE_*'))
    .option('--secrets-dir <folder>', "a folder ${file:...} may read beside the configuration file's own")
}

/** Adds the options of every command that talks to a running gateway. */
export function withAdmin(command: Command): Command {
  return command
    .option(
      '--data <folder>',
      'data directory of the gateway: its address and admin token are read there',
      defaultDataDir,
    )
    .option('--admin <url>', 'address of the admin port, e.g. http://127.0.0.1:8081 (default: as the gateway says)')
}

/** An option that may be given several times; its value is the list of all. */
export function repeatable(flags: string, description: string): Option {
  const collect = (value: string, values: readonly string[]): readonly string[] => [...values, value]
  return new Option(flags, `${description}; repeatable`).argParser(collect).default([], 'none')
}

/** What `loadOffline` takes. */
export function referenceOptions(flags: ReferenceFlags): {
  readonly allowEnv: readonly string[]
  readonly secretsDir: string | undefined
} {
  return { allowEnv: flags.allowEnv, secretsDir: flags.secretsDir }
}
