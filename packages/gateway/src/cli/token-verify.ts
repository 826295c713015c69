import { type Command, Option } from 'commander'
import { defaultDataDir } from '../app/data-dir.ts'
import type { OfflineDecision } from '../app/offline-explain.ts'
import { algorithms } from '../domain/algorithm.ts'
import type { Decision } from '../domain/decision.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { describeKeySets } from './explain.ts'
import { formatRule } from './format-decision.ts'
import { loadFile } from './load-file.ts'
import { type ReferenceFlags, withReferences } from './option-sets.ts'
import { readToken } from './read-given.ts'
import { readKeyOrSecretFile } from './read-key-file.ts'
import { exitCodes, type Paint, type Terminal } from './terminal.ts'
import { toJson } from './to-json.ts'

interface VerifyFlags extends ReferenceFlags {
  readonly config?: string
  readonly api?: string
  readonly data: string
  readonly key?: string
  readonly alg?: string
  readonly json?: true
}

/** `jotgate token verify`: the gateway's own engine on one token. */
export function addTokenVerify(token: Command, terminal: Terminal): void {
  const command = token
    .command('verify')
    .description('check a token by the engine of the gateway; nothing is sent anywhere')
    .argument('[token]', 'the token, @file, or - for standard input', '-')
    .option('-c, --config <file>', 'check all that this configuration asks of the API named with --api')
    .option('--api <id>', 'an API of the configuration')
    .option('--data <folder>', 'data directory whose last good fetched keys are used', defaultDataDir)
    .option(
      '--key <file>',
      'check signature and times by this key (public or private), JWKS, or with --alg HS256 secret',
    )
    .addOption(
      new Option('--alg <algorithm>', 'with --key: the only algorithm accepted (default: what fits the key)').choices(
        algorithms.map(({ name }) => name),
      ),
    )
    .option('--json', 'the decision as JSON')
  withReferences(command)
    .addHelpText(
      'after',
      `
Exit code 0 when the token is verified, 1 when it is not.

Examples:
  jotgate token verify @token.txt --key public.pem
  jotgate token verify @token.txt --key secret.txt --alg HS256
  jotgate token verify - --config jotgate.yaml --api orders --data ./jotgate-data`,
    )
    .action(async (given: string, flags: VerifyFlags) => {
      process.exitCode = await verify(given, flags, terminal)
    })
}

async function verify(given: string, flags: VerifyFlags, terminal: Terminal): Promise<number> {
  const { config, api, key } = flags
  const byConfig = config !== undefined && api !== undefined && key === undefined
  const byKey = key !== undefined && config === undefined && api === undefined
  if (!byConfig && !byKey)
    return terminal.fail('say what to check by: --key <file>, or --config <file> with --api <id>')
  const token = await readToken(given, terminal)
  if (!token.ok) return terminal.fail(token.error)
  const judged = byConfig
    ? await judgeByConfig(token.value, config, api, flags, terminal)
    : await judgeByKey(token.value, key ?? '', flags.alg, terminal)
  if (!judged.ok) return terminal.fail(judged.error)
  const { decision } = judged.value
  const limits = byKey ? 'signature and times; not asked: issuer, audience, scopes' : `all that API ${api} asks for`
  if (flags.json) terminal.out(toJson(decision))
  else terminal.out(formatVerdict(decision, limits, terminal.paint))
  return decision.outcome === 'forwarded' ? exitCodes.done : exitCodes.refused
}

type Judged = Promise<Result<OfflineDecision, string>>

async function judgeByConfig(token: string, file: string, api: string, flags: VerifyFlags, terminal: Terminal): Judged {
  const { explainOffline } = await import('../app/offline-explain.ts')
  const { requestFor } = await import('../app/offline-verify.ts')
  const loaded = await loadFile(file, flags)
  if (!loaded.ok) return loaded
  const request = requestFor(token, api, loaded.value)
  if (!request.ok) return request
  const nowMs = Date.now()
  const judged = await explainOffline(request.value, loaded.value, { dataDir: flags.data, nowMs, file })
  const lines = describeKeySets(judged.keySets, flags.data, nowMs)
  if (lines.length > 0) terminal.note(`${lines.join('\n')}\n`)
  return ok(judged)
}

async function judgeByKey(token: string, file: string, alg: string | undefined, terminal: Terminal): Judged {
  const { isPrivateJwk, toPublicJwk } = await import('@jotgate/signer')
  const { explainOffline } = await import('../app/offline-explain.ts')
  const { keysApiId, loadKeys, requestFor } = await import('../app/offline-verify.ts')
  const keys = await readKeyOrSecretFile(file, alg)
  if (!keys.ok) return keys
  // A kid names a key among others; one that was handed over by its file needs no name.
  const jwks = keys.value.map((jwk) => {
    const half = jwk.kty !== 'oct' && isPrivateJwk(jwk) ? toPublicJwk(jwk) : jwk
    return keys.value.length === 1 ? { ...half, kid: undefined } : half
  })
  const nowMs = Date.now()
  const loaded = loadKeys(jwks, alg, nowMs)
  if (!loaded.ok) return err(`${file}: ${loaded.error}`)
  for (const { message } of loaded.value.warnings) terminal.note(`Warning: ${message}\n`)
  const request = requestFor(token, keysApiId, loaded.value)
  if (!request.ok) return request
  return ok(await explainOffline(request.value, loaded.value, { dataDir: undefined, nowMs, file }))
}

/** Verified, and what that covers; or the check that failed. */
function formatVerdict(decision: Decision, covers: string, paint: Paint): string {
  const { outcome, reason, seen, wanted, hint, rule, token } = decision
  if (outcome === 'forwarded') {
    const { alg, kid } = token?.header ?? {}
    const { iss, sub } = token?.claims ?? {}
    const facts = Object.entries({ alg, kid, iss, sub }).filter(([, value]) => value !== undefined)
    return `${[`${paint.green('verified')}: ${covers}`, ...facts.map(([name, value]) => `  ${name.padEnd(8)}${value}`)].join('\n')}\n`
  }
  const facts = Object.entries({
    seen,
    wanted,
    rule: rule?.line === undefined ? undefined : formatRule(rule),
    hint,
  }).filter(([, value]) => value !== undefined)
  const more = reason === undefined ? [] : [`  ${'more'.padEnd(8)}docs/failure-modes.md#${reason}`]
  const lines = facts.map(([name, value]) => `  ${name.padEnd(8)}${value}`)
  return `${[`${paint.red('not verified')}: ${reason ?? outcome}`, ...lines, ...more].join('\n')}\n`
}
