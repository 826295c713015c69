import type { Command } from 'commander'
import { escapeForTerminal } from '../telemetry/escape-text.ts'
import { formatTable } from './format-table.ts'
import { readKeyFile } from './read-key-file.ts'
import { exitCodes, type Terminal } from './terminal.ts'
import { toJson } from './to-json.ts'

/** `jotgate keys id`: the names tokens may call a key by. */
export function addKeysId(keys: Command, terminal: Terminal): void {
  keys
    .command('id')
    .description('print the ids of a key: its RFC 7638 thumbprint, and the SHA-256 of its SubjectPublicKeyInfo')
    .argument('<file>', 'PEM, DER, X.509 certificate, JWK or JWKS, private or public')
    .option('--json', 'a JSON list instead of a table')
    .addHelpText('after', '\nExamples:\n  jotgate keys id public.pem\n  jotgate keys id jwks.json --json')
    .action(async (file: string, flags: { readonly json?: true }) => {
      process.exitCode = await printIds(file, flags.json === true, terminal)
    })
}

async function printIds(file: string, json: boolean, terminal: Terminal): Promise<number> {
  const { spkiKeyId, thumbprintKeyId } = await import('@jotgate/signer')
  const read = await readKeyFile(file)
  if (!read.ok) return terminal.fail(read.error)
  const ids: { readonly kid: string | undefined; readonly thumbprint: string; readonly spkiSha256: string }[] = []
  for (const jwk of read.value) {
    // RFC 7638 7: whoever has a low-entropy secret's thumbprint can guess the secret.
    if (jwk.kty === 'oct') return terminal.fail(`${file}: a shared secret has no id that may be shown (RFC 7638 7)`)
    try {
      ids.push({ kid: jwk.kid, thumbprint: await thumbprintKeyId(jwk), spkiSha256: await spkiKeyId(jwk) })
    } catch {
      return terminal.fail(`${file}: a key in it lacks members, or is of a type that signs nothing here`)
    }
  }
  const rows = ids.map(({ kid, thumbprint, spkiSha256 }) => [escapeForTerminal(kid ?? '-'), thumbprint, spkiSha256])
  terminal.out(json ? toJson(ids) : `${formatTable([['KID', 'RFC 7638', 'SPKI SHA-256'], ...rows])}\n`)
  return exitCodes.done
}
