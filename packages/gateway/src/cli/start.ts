import { availableParallelism } from 'node:os'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { defaultDataDir } from '../app/data-dir.ts'
import { start } from '../app/start.ts'
import { repeatable } from './option-sets.ts'

interface StartFlags {
  readonly config?: string
  readonly address?: string
  readonly port?: number
  readonly adminAddress?: string
  readonly adminPort?: number
  readonly workers: number
  readonly data: string
  readonly log: 'pretty' | 'json'
  readonly drain: number
  readonly grace: number
  readonly allowEnv: readonly string[]
  readonly secretsDir?: string
}

/** `jotgate start`: the gateway itself; without a configuration file, the demo. */
export function addStart(program: Command): void {
  program
    .command('start')
    .description('run the gateway; without --config, a demo on loopback with a key made on the spot')
    .option('-c, --config <file>', 'configuration file (YAML, or JSON when its name ends in .json)')
    .option('--address <address>', 'address to listen on (default: the configuration, else 127.0.0.1 for the demo)')
    .option('--port <port>', 'port to listen on; 0 takes a free one (default: the configuration, else 8080)', toPort)
    .option('--admin-address <address>', 'address of the admin port (default: the configuration, else 127.0.0.1)')
    .option('--admin-port <port>', 'admin port; 0 takes a free one (default: the configuration, else 8081)', toPort)
    .option('--workers <n>', 'worker processes (default: one per core)', toWorkers, availableParallelism())
    .option('--data <folder>', 'data directory', defaultDataDir)
    .addOption(
      new Option('--log <format>', 'format of the log')
        .choices(['pretty', 'json'])
        .default(process.stdout.isTTY === true ? 'pretty' : 'json', 'pretty on a terminal, else json'),
    )
    .option('--drain <seconds>', 'how long requests in flight may take to end after SIGTERM', toSeconds, 30)
    .option('--grace <seconds>', 'how long to accept requests after /readyz said no', toSeconds, 1)
    .addOption(repeatable('--allow-env <name>', 'a variable ${env:...} may name beside JOTGATE_*'))
    .option('--secrets-dir <folder>', "a folder ${file:...} may read beside the configuration file's own")
    .addHelpText(
      'after',
      `
SIGHUP, or a change of the file or of a key file it names, reloads the configuration; one that is invalid changes nothing.
SIGTERM drains: no new requests, those in flight are finished. Exit code 0 after draining, 1 when it could not start.

Examples:
  jotgate start                                the demo: an echo API at /demo, with a token to call it
  jotgate start --config jotgate.yaml          protect what the file describes; edits go live by themselves
  jotgate start -c jotgate.yaml --workers 1 --port 0 --log json`,
    )
    .action(async (flags: StartFlags) => {
      process.exitCode = await start({
        config: flags.config,
        address: flags.address,
        port: flags.port,
        adminAddress: flags.adminAddress,
        adminPort: flags.adminPort,
        workers: flags.workers,
        dataDir: flags.data,
        logFormat: flags.log,
        drainMs: flags.drain * 1000,
        graceMs: flags.grace * 1000,
        allowEnv: flags.allowEnv,
        secretsDir: flags.secretsDir,
      })
      process.exit()
    })
}

function toPort(text: string): number {
  return toWhole(text, 0, 65_535, 'a port is a whole number from 0 to 65535')
}

function toWorkers(text: string): number {
  return toWhole(text, 1, 256, 'workers are a whole number from 1 to 256')
}

function toSeconds(text: string): number {
  return toWhole(text.replace(/s$/, ''), 0, 86_400, 'seconds are a whole number from 0 to 86400')
}

function toWhole(text: string, least: number, most: number, rule: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most) throw new InvalidArgumentError(rule)
  return value
}
