import type { Command } from 'commander'
import { addKeysApi } from './keys-api.ts'
import { addKeysConvert } from './keys-convert.ts'
import { addKeysGenerate } from './keys-generate.ts'
import { addKeysId } from './keys-id.ts'
import { addKeysRemote } from './keys-remote.ts'
import type { Terminal } from './terminal.ts'

/** `jotgate keys`: keys in files, and the keys a running gateway fetched. */
export function addKeys(program: Command, terminal: Terminal): void {
  const keys = program
    .command('keys')
    .description('make, convert and name keys; look after the keys a running gateway fetched')
    .addHelpText('after', '\nExamples:\n  jotgate keys generate --out keys\n  jotgate keys status')
  addKeysGenerate(keys, terminal)
  addKeysConvert(keys, terminal)
  addKeysId(keys, terminal)
  addKeysApi(keys, terminal)
  addKeysRemote(keys, terminal)
}
