import type { Jwk } from '@jotgate/signer'
import { type Command, Option } from 'commander'
import { err, ok, type Result } from '../domain/result.ts'
import { readKeyFile } from './read-key-file.ts'
import { exitCodes, type Terminal } from './terminal.ts'
import { toJson } from './to-json.ts'
import { writeKeyFile } from './write-key-file.ts'

interface ConvertFlags {
  readonly to: 'pem' | 'jwk' | 'jwks'
  readonly private?: true
  readonly kid?: string
  readonly alg?: string
  readonly out?: string
}

/** `jotgate keys convert`: a key in another form. */
export function addKeysConvert(keys: Command, terminal: Terminal): void {
  keys
    .command('convert')
    .description('print a key in another form; of a private key its public half, unless --private')
    .argument('<file>', 'PEM (its line breaks may be missing), DER, X.509 certificate, JWK or JWKS')
    .addOption(new Option('--to <form>', 'the form wanted').choices(['pem', 'jwk', 'jwks']).makeOptionMandatory())
    .option('--private', 'keep the private half')
    .option('--kid <id>', 'key id to write into the JWK; "auto" is the RFC 7638 thumbprint')
    .option('--alg <algorithm>', 'algorithm to write into the JWK')
    .option('--out <file>', 'write to a new file instead (mode 0600 with --private)')
    .addHelpText(
      'after',
      `
Examples:
  jotgate keys convert private.pem --to jwks --kid auto > jwks.json
  jotgate keys convert certificate.pem --to jwk
  jotgate keys convert private.jwk --to pem --private --out private.pem`,
    )
    .action(async (file: string, flags: ConvertFlags) => {
      process.exitCode = await convert(file, flags, terminal)
    })
}

async function convert(file: string, flags: ConvertFlags, terminal: Terminal): Promise<number> {
  const read = await readKeyFile(file)
  if (!read.ok) return terminal.fail(read.error)
  const text = await toText(read.value, flags)
  if (!text.ok) return terminal.fail(`${file}: ${text.error}`)
  if (flags.out === undefined) {
    terminal.out(text.value)
    return exitCodes.done
  }
  const written = writeKeyFile(flags.out, text.value, flags.private ? 'private' : 'public')
  if (!written.ok) return terminal.fail(written.error)
  terminal.note(`Wrote ${written.value}.\n`)
  return exitCodes.done
}

async function toText(jwks: readonly Jwk[], flags: ConvertFlags): Promise<Result<string, string>> {
  const { isPrivateJwk, thumbprintKeyId, toPem, toPublicJwk } = await import('@jotgate/signer')
  try {
    const keys: Jwk[] = []
    for (const jwk of jwks) {
      if (flags.private && !isPrivateJwk(jwk)) return err('there is no private half in it')
      const half = flags.private ? jwk : toPublicJwk(jwk)
      const kid = flags.kid === 'auto' ? await thumbprintKeyId(half) : flags.kid
      keys.push({ ...half, ...(kid !== undefined && { kid }), ...(flags.alg !== undefined && { alg: flags.alg }) })
    }
    if (flags.to === 'jwks') return ok(toJson({ keys }))
    const [only, second] = keys
    if (only === undefined || second !== undefined)
      return err(`${keys.length} keys stand in it; only --to jwks takes several`)
    return ok(flags.to === 'jwk' ? toJson(only) : await toPem(only))
  } catch (error) {
    // The signer says what is wrong and holds nothing of the key; other messages might.
    return err(error instanceof TypeError ? error.message : 'the key cannot be converted')
  }
}
