import { Command } from 'commander'
import { version } from '../app/version.ts'
import { addStart } from './start.ts'

const program = new Command('jotgate')
  .description('A self-hosted API gateway whose speciality is JWT.')
  .version(version)
  .showHelpAfterError('(jotgate help shows what can be done)')
  .enablePositionalOptions()

addStart(program)

await program.parseAsync()
