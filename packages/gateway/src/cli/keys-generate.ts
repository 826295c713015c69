import { join } from 'node:path'
import type { GeneratedKey, Jwk } from '@jotgate/signer'
import { type Command, Option } from 'commander'
import { algorithms, findAlgorithm } from '../domain/algorithm.ts'
import { exitCodes, type Terminal } from './terminal.ts'
import { toJson } from './to-json.ts'
import { writeKeyFile } from './write-key-file.ts'

interface GenerateFlags {
  readonly alg: string
  readonly bits?: string
  readonly out: string
  readonly format: 'pem' | 'jwk'
  readonly kid?: string
}

/** A file to write, private or public. */
interface KeyText {
  readonly name: string
  readonly kind: 'private' | 'public'
  readonly text: string
}

/** `jotgate keys generate`: a key to sign with and its public half. */
export function addKeysGenerate(keys: Command, terminal: Terminal): void {
  keys
    .command('generate')
    .description('make a key: the private half goes to a file of mode 0600, the public one is printed')
    .addOption(
      new Option('--alg <algorithm>', 'what it signs with')
        .choices(algorithms.map(({ name }) => name))
        .default('ES256'),
    )
    .addOption(new Option('--bits <n>', 'size of an RSA key').choices(['2048', '3072', '4096']))
    .option('--out <folder>', 'where the files go; - prints the private key instead', '.')
    .addOption(new Option('--format <form>', 'form of the private key').choices(['pem', 'jwk']).default('pem'))
    .option('--kid <id>', 'its key id (default: the RFC 7638 thumbprint)')
    .addHelpText(
      'after',
      `
Writes private.pem (or private.jwk), public.pem and jwks.json; for HS256, HS384 and HS512 secret.txt (or secret.jwk).
No file is ever replaced.

Examples:
  jotgate keys generate --out keys
  jotgate keys generate --alg RS256 --bits 3072 --out keys
  jotgate keys generate --alg HS256 --out secrets
  jotgate keys generate --format jwk --out - > private.jwk`,
    )
    .action(async (flags: GenerateFlags) => {
      process.exitCode = await generate(flags, terminal)
    })
}

async function generate(flags: GenerateFlags, terminal: Terminal): Promise<number> {
  const { generateKey, isSigningAlgorithm } = await import('@jotgate/signer')
  const { alg, bits, kid, format } = flags
  if (!isSigningAlgorithm(alg)) return terminal.fail(`there is no algorithm ${alg}`)
  if (bits !== undefined && findAlgorithm(alg)?.keyType !== 'RSA')
    return terminal.fail('--bits goes with RSA algorithms only')
  const made = withKid(await generateKey(alg, bits === undefined ? {} : { modulusBits: Number(bits) }), kid)
  const texts = made.kind === 'pair' ? await pairTexts(made, format) : secretTexts(made.secretJwk, format)
  if (flags.out === '-') {
    terminal.out(texts[0]?.text ?? '')
    return exitCodes.done
  }
  const lines: string[] = []
  for (const { name, kind, text } of texts) {
    const written = writeKeyFile(join(flags.out, name), text, kind)
    if (!written.ok) return terminal.fail(written.error)
    lines.push(
      `  ${kind.padEnd(8)}${written.value}${kind === 'private' ? '  (mode 0600: whoever reads it can sign)' : ''}`,
    )
  }
  const about = made.kind === 'pair' ? await describePair(made.publicJwk) : describeSecret(format)
  terminal.out(`${[`Made a key for ${alg}.`, ...lines, '', ...about].join('\n')}\n`)
  return exitCodes.done
}

function withKid(made: GeneratedKey, kid: string | undefined): GeneratedKey {
  if (kid === undefined) return made
  if (made.kind === 'secret') return { ...made, secretJwk: { ...made.secretJwk, kid } }
  return { ...made, privateJwk: { ...made.privateJwk, kid }, publicJwk: { ...made.publicJwk, kid } }
}

async function pairTexts(
  { privateJwk, publicJwk }: Extract<GeneratedKey, { readonly kind: 'pair' }>,
  format: 'pem' | 'jwk',
): Promise<readonly KeyText[]> {
  const { toPem } = await import('@jotgate/signer')
  const text = format === 'pem' ? await toPem(privateJwk) : toJson(privateJwk)
  return [
    { name: `private.${format}`, kind: 'private', text },
    { name: 'public.pem', kind: 'public', text: await toPem(publicJwk) },
    { name: 'jwks.json', kind: 'public', text: toJson({ keys: [publicJwk] }) },
  ]
}

/** A secret is the text of its file, so that every tool that takes a text takes the same bytes. */
function secretTexts(jwk: Jwk, format: 'pem' | 'jwk'): readonly KeyText[] {
  const secret = jwk.k ?? ''
  if (format === 'pem') return [{ name: 'secret.txt', kind: 'private', text: `${secret}\n` }]
  return [
    { name: 'secret.jwk', kind: 'private', text: toJson({ ...jwk, k: Buffer.from(secret).toString('base64url') }) },
  ]
}

async function describePair(publicJwk: Jwk): Promise<readonly string[]> {
  const { spkiKeyId, thumbprintKeyId } = await import('@jotgate/signer')
  return [
    `kid                    ${publicJwk.kid ?? ''}`,
    `thumbprint (RFC 7638)  ${await thumbprintKeyId(publicJwk)}`,
    `SPKI SHA-256           ${await spkiKeyId(publicJwk)}`,
    '',
    'The public key, as a JWK:',
    JSON.stringify(publicJwk, undefined, 2),
    '',
    'In jotgate.yaml, with the file beside it:',
    '  keys: { publicKey: "${file:public.pem}" }',
  ]
}

function describeSecret(format: 'pem' | 'jwk'): readonly string[] {
  if (format === 'jwk') return ['Both sides need this secret. Give it to nobody else.']
  return ['In jotgate.yaml, with the file beside it:', '  keys: { sharedSecret: "${file:secret.txt}" }']
}
