import type { Command } from 'commander'
import type { Terminal } from './terminal.ts'
import { addTokenDecode } from './token-decode.ts'
import { addTokenSign } from './token-sign.ts'
import { addTokenVerify } from './token-verify.ts'

/** `jotgate token`: tokens, made and looked at on this machine. */
export function addToken(program: Command, terminal: Terminal): void {
  const token = program
    .command('token')
    .description('sign, decode and verify tokens; none of them ever leaves this machine')
    .addHelpText(
      'after',
      '\nExamples:\n  jotgate token decode @token.txt\n  jotgate token verify @token.txt --key public.pem',
    )
  addTokenSign(token, terminal)
  addTokenDecode(token, terminal)
  addTokenVerify(token, terminal)
}
