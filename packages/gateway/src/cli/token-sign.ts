import type { Jwk } from '@jotgate/signer'
import { type Command, Option } from 'commander'
import { algorithms } from '../domain/algorithm.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { repeatable } from './option-sets.ts'
import { readGiven } from './read-given.ts'
import { readKeyOrSecretFile } from './read-key-file.ts'
import { exitCodes, type Terminal } from './terminal.ts'

interface SignFlags {
  readonly key: string
  readonly alg?: string
  readonly kid?: string
  readonly typ: string
  readonly claims?: string
  readonly claim: readonly string[]
  readonly iss?: string
  readonly sub?: string
  readonly aud: readonly string[]
  readonly expiresIn: string
}

type Claims = Readonly<Record<string, unknown>>

/** `jotgate token sign`: a token for trying things out, or for a client that signs its own. */
export function addTokenSign(token: Command, terminal: Terminal): void {
  token
    .command('sign')
    .description('sign a token with a private key or a shared secret, and print it')
    .requiredOption('--key <file>', 'private key (PEM, DER, JWK), or with --alg HS256 a file with the shared secret')
    .addOption(
      new Option('--alg <algorithm>', 'algorithm (default: what the key says, or the usual one)').choices(
        algorithms.map(({ name }) => name),
      ),
    )
    .option('--kid <id>', "kid of the header (default: the key's own)")
    .option('--typ <type>', 'typ of the header', 'JWT')
    .option('--claims <json>', 'claims as a JSON object; @file or - (standard input) reads them')
    .addOption(repeatable('--claim <name=value>', 'one claim; JSON where the value is JSON, text otherwise'))
    .option('--iss <issuer>', 'issuer')
    .option('--sub <subject>', 'subject')
    .addOption(repeatable('--aud <audience>', 'audience'))
    .option('--expires-in <duration>', 'sets exp, unless the claims say one; 0s leaves it out', '5m')
    .addHelpText(
      'after',
      `
iat is set to now unless the claims say one.

Examples:
  jotgate token sign --key private.pem --iss https://id.example.com --aud orders-api --sub alice
  jotgate token sign --key private.pem --claims @claims.json --expires-in 1h
  jotgate token sign --key secret.txt --alg HS256 --claim roles='["admin"]' | jotgate token decode -`,
    )
    .action(async (flags: SignFlags) => {
      process.exitCode = await sign(flags, terminal)
    })
}

async function sign(flags: SignFlags, terminal: Terminal): Promise<number> {
  const { duration } = await import('@jotgate/contract')
  const lifetime = duration.safeParse(flags.expiresIn)
  if (!lifetime.success)
    return terminal.fail(`--expires-in ${flags.expiresIn}: a duration is a number and a unit: 30s, 5m, 1h`)
  const base = flags.claims === undefined ? ok('{}') : await readGiven(flags.claims, terminal)
  if (!base.ok) return terminal.fail(base.error)
  const claims = composeClaims(base.value, flags, lifetime.data / 1000, Math.floor(Date.now() / 1000))
  if (!claims.ok) return terminal.fail(claims.error)
  const key = await readKeyOrSecretFile(flags.key, flags.alg)
  if (!key.ok) return terminal.fail(key.error)
  const [only, second] = key.value
  if (only === undefined || second !== undefined)
    return terminal.fail(`${flags.key} holds several keys; give a file with one`)
  const compact = await signWith(claims.value, only, flags)
  if (!compact.ok) return terminal.fail(`${flags.key}: ${compact.error}`)
  terminal.out(`${compact.value}\n`)
  return exitCodes.done
}

async function signWith(claims: Claims, key: Jwk, { alg, kid, typ }: SignFlags): Promise<Result<string, string>> {
  const { signToken, usualAlgorithm } = await import('@jotgate/signer')
  const algorithm = alg ?? usualAlgorithm(key)
  const header = { typ, ...(algorithm !== undefined && { alg: algorithm }), ...(kid !== undefined && { kid }) }
  if (key.kty !== 'oct' && key.d === undefined) return err('this is a public key; signing needs the private one')
  try {
    return ok(await signToken(claims, key, header))
  } catch {
    // What a crypto library says might quote the key.
    return err(`the key cannot sign with ${algorithm ?? 'any algorithm known here'}; --alg names another`)
  }
}

/** The claims of all options together: the JSON first, then single ones; `iat` and `exp` where nothing said them. */
export function composeClaims(
  json: string,
  flags: Pick<SignFlags, 'claim' | 'iss' | 'sub' | 'aud'>,
  lifetimeSeconds: number,
  nowSeconds: number,
): Result<Claims, string> {
  const given = parseObject(json)
  if (given === undefined) return err('--claims takes a JSON object: --claims \'{"sub":"alice"}\'')
  const single: Record<string, unknown> = {}
  for (const pair of flags.claim) {
    const equals = pair.indexOf('=')
    if (equals < 1) return err(`--claim takes name=value, not ${JSON.stringify(pair.slice(0, 20))}`)
    single[pair.slice(0, equals)] = parseValue(pair.slice(equals + 1))
  }
  const { iss, sub, aud } = flags
  const named = {
    ...(iss !== undefined && { iss }),
    ...(sub !== undefined && { sub }),
    ...(aud.length > 0 && { aud: aud.length === 1 ? aud[0] : aud }),
  }
  const exp = lifetimeSeconds > 0 ? { exp: nowSeconds + lifetimeSeconds } : {}
  return ok({ iat: nowSeconds, ...exp, ...given, ...named, ...single })
}

function parseObject(json: string): Claims | undefined {
  const value = parseValue(json)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : undefined
}

/** JSON, or the text itself. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
