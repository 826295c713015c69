import type { Command } from 'commander'
import type { KeptKeySet } from '../app/offline-explain.ts'
import type { Decision } from '../domain/decision.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { parseDecisionId } from '../telemetry/decision-id.ts'
import { openAdmin } from './admin-client.ts'
import { describeRequest, type RequestFlags } from './described-request.ts'
import { formatDecision } from './format-decision.ts'
import { count } from './format-table.ts'
import { formatDate } from './format-time.ts'
import { loadFile } from './load-file.ts'
import { type AdminFlags, type ReferenceFlags, repeatable, withAdmin, withReferences } from './option-sets.ts'
import { readSourceLine } from './source-line.ts'
import { exitCodes, type Terminal } from './terminal.ts'
import { toJson } from './to-json.ts'

interface ExplainFlags extends RequestFlags, ReferenceFlags, AdminFlags {
  readonly config?: string
  readonly json?: true
}

/** `jotgate explain`: why a request was refused, or how a described one would end. */
export function addExplain(program: Command, terminal: Terminal): void {
  const command = program
    .command('explain')
    .description('say why a request was refused, or how a described one would end; nothing is forwarded or counted')
    .argument('[decision]', "a decision id, from the answer's header jotgate-decision or the access log")
    .option('--path <target>', 'path and query of the described request')
    .option('--method <method>', 'its method', 'GET')
    .option('--host <host>', 'its Host header', 'localhost')
    .addOption(repeatable('--header <field>', "'Name: value', or @file with one a line"))
    .option('--token <token>', 'sent as Authorization: Bearer; @file or - (standard input) keep it out of the history')
    .option('--peer <address>', 'the address it comes from', '127.0.0.1')
    .option('-c, --config <file>', 'judge by this file instead of a running gateway, with its last good fetched keys')
    .option('--json', 'the decision as JSON')
  withAdmin(withReferences(command))
    .addHelpText(
      'after',
      `
Exit code 0 when there is an answer, whatever it says; 1 when there is none.

Examples:
  jotgate explain 1f0c6c9e0f9d4b1f8e0c2a3b4c5d6e7f-0
  jotgate explain --path /orders/7 --token @token.txt
  jotgate explain --method POST --path /orders --header @headers.txt --config jotgate.yaml`,
    )
    .action(async (id: string | undefined, flags: ExplainFlags) => {
      process.exitCode = await explain(id, flags, terminal)
    })
}

async function explain(id: string | undefined, flags: ExplainFlags, terminal: Terminal): Promise<number> {
  const found = await ask(id, flags, terminal)
  if (!found.ok) return terminal.fail(found.error)
  const decision = found.value
  if (flags.json) terminal.out(toJson(decision))
  else
    terminal.out(
      formatDecision(decision, decision.rule && readSourceLine(decision.rule), terminal.paint, id === undefined),
    )
  return exitCodes.done
}

async function ask(id: string | undefined, flags: ExplainFlags, terminal: Terminal): Promise<Result<Decision, string>> {
  const { path, config } = flags
  if ((id === undefined) === (path === undefined)) {
    return err('name a decision id, or describe a request with --path; `jotgate explain --help` shows both')
  }
  if (id !== undefined)
    return config === undefined ? lookUp(id, flags) : err('--config goes with --path, not with a decision id')
  const request = await describeRequest({ ...flags, path: path ?? '/' }, terminal)
  if (!request.ok) return request
  if (config === undefined) return askGateway(flags, (admin) => admin.post('/explain', request.value))

  const { explainOffline } = await import('../app/offline-explain.ts')
  const loaded = await loadFile(config, flags)
  if (!loaded.ok) return loaded
  const options = { dataDir: flags.data, nowMs: Date.now(), file: config }
  const { decision, keySets } = await explainOffline(request.value, loaded.value, options)
  terminal.note(
    `${[`Judged by ${config}, not by a running gateway.`, ...describeKeySets(keySets, flags.data, options.nowMs)].join('\n')}\n`,
  )
  return ok(decision)
}

function lookUp(id: string, flags: ExplainFlags): Promise<Result<Decision, string>> {
  if (parseDecisionId(id) === undefined) {
    return Promise.resolve(err('a decision id is 32 hexadecimal digits, a hyphen and a number, as in jotgate-decision'))
  }
  return askGateway(flags, (admin) => admin.get(`/decisions/${id}`))
}

type Admin = Extract<ReturnType<typeof openAdmin>, { readonly ok: true }>['value']

async function askGateway(
  flags: ExplainFlags,
  call: (admin: Admin) => Promise<Result<unknown, string>>,
): Promise<Result<Decision, string>> {
  const admin = openAdmin(flags)
  if (!admin.ok) return admin
  const answer = await call(admin.value)
  // A gateway of this version answers with this shape.
  return answer.ok ? ok(answer.value as Decision) : answer
}

/** How old the fetched keys are that an offline verdict rests on. */
export function describeKeySets(keySets: readonly KeptKeySet[], dataDir: string, nowMs: number): readonly string[] {
  return keySets.map(({ issuerId, keys, fetchedAtMs }) => {
    if (fetchedAtMs === undefined) return `Issuer ${issuerId} fetches its keys, and ${dataDir} holds none of them.`
    return `Issuer ${issuerId}: ${count(keys, 'key')} as fetched ${formatDate(Math.floor(fetchedAtMs / 1000), Math.floor(nowMs / 1000)) ?? ''}.`
  })
}
