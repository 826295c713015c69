import type { Command } from 'commander'
import { defaultDataDir } from '../app/data-dir.ts'
import type { SimulatedQuestion } from '../app/offline-simulate.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { formatSimulation } from './format-simulation.ts'
import { loadFile } from './load-file.ts'
import { type ReferenceFlags, withReferences } from './option-sets.ts'
import { readGiven, readToken } from './read-given.ts'
import { readSourceLine } from './source-line.ts'
import { exitCodes, type Terminal } from './terminal.ts'
import { toJson } from './to-json.ts'

interface SimulateFlags extends ReferenceFlags {
  readonly config: string
  readonly api: string
  readonly claims?: string
  readonly issuer?: string
  readonly token?: string
  readonly apiKey?: string
  readonly method?: string
  readonly path?: string
  readonly at?: string
  readonly data: string
  readonly json?: true
}

/** `jotgate simulate`: what a caller would be and be allowed to do, by a configuration file. */
export function addSimulate(program: Command, terminal: Terminal): void {
  const command = program
    .command('simulate')
    .description('tell what a caller would be and be allowed to do on an API; no signature is checked, nothing is sent')
    .option('-c, --config <file>', 'configuration file', 'jotgate.yaml')
    .requiredOption('--api <id>', 'an API of the configuration')
    .option('--claims <json>', 'claims of a token, as a JSON object; @file or - (standard input) reads them')
    .option(
      '--issuer <id>',
      'who vouches for --claims: an issuer, or application:ID (default: whom their iss names, or the only issuer)',
    )
    .option('--token <token>', 'a token, whose signature is not checked; @file or - keep it out of the history')
    .option('--api-key <key>', 'an API key, alone or beside a token; @file or - keep it out of the history')
    .option(
      '--path <target>',
      "a request to judge, by the full path: the API's own is part of it, a query is not looked at",
    )
    .option('--method <method>', 'its method (default: GET)')
    .option('--at <time>', 'judge as of then, with its offset: 2027-01-31T00:00:00Z (default: now)')
    .option('--data <folder>', 'data directory of the gateway: API keys are known by its master key', defaultDataDir)
    .option('--json', 'one JSON object instead of text')
  withReferences(command)
    .addHelpText(
      'after',
      `
What --claims leaves out of iss, aud, iat and exp is taken as a fresh token of the issuer has it. Whether a token is
genuine, \`jotgate explain\` and \`jotgate token verify\` tell. Of claims that an application signed itself none counts
but those the API lists under trustSelfAsserted; they tell who is calling.

Exit code 0 when nothing refuses the caller, or the request; 1 when something does; 2 when it cannot be told.

Examples:
  jotgate simulate --api orders --claims '{"azp":"billing"}'
  jotgate simulate --api ledger --claims '{}' --issuer application:billing
  jotgate simulate --api orders --claims @claims.json --method POST --path /orders/7
  jotgate simulate --api orders --token - --at 2027-01-31T00:00:00Z < token.txt
  jotgate simulate --api labels --api-key @key.txt --path /labels/1 --json`,
    )
    .action(async (flags: SimulateFlags) => {
      process.exitCode = await runSimulate(flags, terminal)
    })
}

async function runSimulate(flags: SimulateFlags, terminal: Terminal): Promise<number> {
  const fail = (sentence: string): number => {
    terminal.fail(sentence)
    return exitCodes.usage
  }
  const question = await readQuestion(flags, terminal)
  if (!question.ok) return fail(question.error)
  const nowMs = flags.at === undefined ? Date.now() : parseTime(flags.at)
  if (nowMs === undefined) return fail('--at takes a time with its offset: --at 2027-01-31T00:00:00Z')
  const { simulate } = await import('../app/offline-simulate.ts')
  const loaded = await loadFile(flags.config, flags)
  if (!loaded.ok) return fail(loaded.error)
  const told = simulate(question.value, loaded.value, { dataDir: flags.data, nowMs, file: flags.config })
  if (!told.ok) return fail(told.error)
  const { allowed, refusal } = told.value
  const sourceLine = refusal?.rule && readSourceLine(refusal.rule)
  terminal.out(flags.json ? toJson(told.value) : formatSimulation(told.value, sourceLine, terminal.paint))
  return allowed ? exitCodes.done : exitCodes.refused
}

async function readQuestion(flags: SimulateFlags, terminal: Terminal): Promise<Result<SimulatedQuestion, string>> {
  const { api, claims, issuer, token, apiKey, method, path } = flags
  if (claims !== undefined && token !== undefined) return err('give --claims or --token, not both')
  if ([claims, token, apiKey].filter((given) => given === '-').length > 1) {
    return err('standard input (-) can be read once: give the other as @file')
  }
  if (path === undefined && method !== undefined)
    return err('--method goes with --path: --method POST --path /orders/7')
  if (path !== undefined && !path.startsWith('/')) return err('--path begins with a slash: --path /orders/7')
  const read = {
    claims: claims === undefined ? ok(undefined) : await readGiven(claims, terminal),
    token: token === undefined ? ok(undefined) : await readToken(token, terminal),
    apiKey: apiKey === undefined ? ok(undefined) : await readGiven(apiKey, terminal),
  }
  if (!read.claims.ok) return read.claims
  if (!read.token.ok) return read.token
  if (!read.apiKey.ok) return read.apiKey
  return ok({
    apiId: api,
    claims: read.claims.value,
    issuerId: issuer,
    token: read.token.value,
    apiKey: read.apiKey.value,
    request: path === undefined ? undefined : { method: (method ?? 'GET').toUpperCase(), target: path },
  })
}

/** RFC 3339 5.6, as `validUntil` is written. */
export function parseTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i.test(text)) return undefined
  const timeMs = Date.parse(text)
  return Number.isNaN(timeMs) ? undefined : timeMs
}
