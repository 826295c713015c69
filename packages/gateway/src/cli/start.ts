import { type Command, InvalidArgumentError, Option } from 'commander'
import { start } from '../app/start.ts'
import { repeatable } from './option-sets.ts'
import { type StartFlag, startFlags, toStartOptions } from './start-flags.ts'

/**
 * `jotgate start`: the gateway itself; without a configuration file, the demo. `main` starts it without coming here,
 * so that the supervisor holds no package; this is its help, its errors, and what commander alone understands.
 */
export function addStart(program: Command): void {
  const command = program
    .command('start')
    .description('run the gateway; without --config, a demo on loopback with a key made on the spot')
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
    .action(async (given: Readonly<Record<string, string | readonly string[]>>) => {
      const texts = command.options.map((option) => [option.long?.slice(2), given[option.attributeName()]] as const)
      process.exit(await start(toStartOptions(Object.fromEntries(texts))))
    })
  for (const flag of startFlags) command.addOption(toOption(flag))
}

function toOption({ name, short, value, description, choices, brokenRule, ...flag }: StartFlag): Option {
  const flags = `${short === undefined ? '' : `-${short}, `}--${name} <${value}>`
  if (flag.repeatable) return repeatable(flags, description)
  const option = new Option(flags, description)
  if (choices !== undefined) option.choices([...choices])
  if (flag.default !== undefined) option.default(flag.default, flag.shownDefault ?? flag.default)
  if (brokenRule === undefined) return option
  return option.argParser((text) => {
    const broken = brokenRule(text)
    if (broken !== undefined) throw new InvalidArgumentError(broken)
    return text
  })
}
