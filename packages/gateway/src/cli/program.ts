import { Command, CommanderError } from 'commander'
import { version } from '../app/version.ts'
import { addCheck } from './check.ts'
import { addCompletion } from './completion.ts'
import { addConfig } from './config.ts'
import { addExplain } from './explain.ts'
import { addKeys } from './keys.ts'
import { addRoutes } from './routes.ts'
import { addSchema } from './schema.ts'
import { addSimulate } from './simulate.ts'
import { addStart } from './start.ts'
import { exitCodes, openTerminal, type Terminal } from './terminal.ts'
import { addToken } from './token.ts'

/** Runs the command that the command line names. Rooms with packages of their own are imported when theirs runs. */
export async function runProgram(): Promise<void> {
  const program = createProgram(openTerminal())
  try {
    await program.parseAsync()
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  }
}

function createProgram(terminal: Terminal): Command {
  const program = new Command('jotgate')
    .description('A self-hosted API gateway whose speciality is JWT.')
    .version(version)
    .showHelpAfterError('(add --help to see what can be done)')
    .enablePositionalOptions()
    .exitOverride()
    .addHelpText(
      'after',
      `
Exit codes: 0 done; 1 refused, not verified or not found, and a sentence says why; 2 wrong usage.
Where a token is wanted, @file or - (standard input) keep it out of the process list and the shell's history.

Examples:
  jotgate start                              a demo on loopback
  jotgate check && jotgate start -c jotgate.yaml
  jotgate explain <decision id>              why was this request refused?`,
    )

  addStart(program)
  addCheck(program, terminal)
  addRoutes(program, terminal)
  addExplain(program, terminal)
  addSimulate(program, terminal)
  addToken(program, terminal)
  addKeys(program, terminal)
  addConfig(program, terminal)
  addSchema(program, terminal)
  addCompletion(program, terminal)
  return program
}
