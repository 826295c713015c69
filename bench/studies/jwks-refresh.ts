import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { caseNamed } from '../case-named.ts'
import { benchPath } from '../cases.ts'
import { startJwksServer } from '../sides/jwks-server.ts'
import { startUpstream } from '../sides/nginx.ts'
import { publishedKey } from '../sides/published-key.ts'
import { tokenPool } from '../tokens.ts'
import { benchConfig } from './bench-config.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { pause } from './pause.ts'
import { readMetric } from './read-metric.ts'
import type { Study, StudyContext } from './study.ts'
import { toFigure } from './to-figure.ts'
import { type AtEnd, withCleanup } from './with-cleanup.ts'

const tokensUsed = 1_000
/** Refreshes that are waited for between the tokens' turns. */
const refreshes = 3
const maxAgeSeconds = 1
/** A set that is fetched each second is never much older. */
const ageSecondsMax = 3
const turnsMax = 10
/** Longest wait for them. */
const refreshMs = 15_000

/** What a refresh of a key set that did not change costs the tokens of its keys: nothing, or it is a fault. */
export const jwksRefresh: Study = {
  name: 'jwks-refresh',
  about: 'tokens verified again after a key set was fetched again and was the same',
  run: (context) => withCleanup((atEnd) => refreshAndAsk(context, atEnd)),
}

async function refreshAndAsk(context: StudyContext, atEnd: AtEnd): ReturnType<Study['run']> {
  const { node, folder, gatewayCpu, loadCpu } = context
  const pool = tokenPool(caseNamed('warm').kind)
  const tokens = readFileSync(pool.file, 'utf8').split('\n').slice(0, tokensUsed)
  const upstream = await startUpstream(folder, loadCpu)
  atEnd(upstream.stop)
  const published = [publishedKey(createPublicKey(readFileSync(pool.keyFile)), 'bench')]
  const jwks = await startJwksServer({ keys: () => published, maxAgeSeconds })
  atEnd(jwks.stop)
  const config = benchConfig(upstream.port, { keys: { jwksUri: jwks.uri }, allowInsecureHttp: true })
  const gateway = await startGateway({ node, cpu: gatewayCpu, workers: 1, folder, config })
  atEnd(gateway.stop)

  const before = await sendUntilKept(gateway, tokens)
  const fetchesBefore = jwks.fetches()
  const deadline = Date.now() + refreshMs
  while (jwks.fetches() < fetchesBefore + refreshes && Date.now() < deadline) await pause(100)
  // The last of them has to arrive in the worker.
  await pause(500)
  const fetched = jwks.fetches() - fetchesBefore
  await sendAll(gateway.port, tokens)
  const after = await counts(gateway)
  const lookups = after.hits + after.misses - before.hits - before.misses
  const faults = [
    ...(fetched < refreshes ? [`the set was fetched only ${fetched} times`] : []),
    // A set that is fetched and not believed is no refresh.
    ...(after.ageSeconds <= ageSecondsMax ? [] : [`the set was believed ${after.ageSeconds} s ago for the last time`]),
    // Counts that did not move would say that nothing was verified again.
    ...(lookups === tokensUsed ? [] : [`the cache was asked ${lookups} times for ${tokensUsed} tokens`]),
  ]
  const one = (name: string, value: number, counting = true) =>
    toFigure({ name, unit: 'count', values: counting && faults.length > 0 ? [] : [value], faults })
  return {
    figures: [
      one('tokens sent again', tokensUsed, false),
      one('refreshes in between', fetched, false),
      one('found in the cache', after.hits - before.hits),
      one('not found in the cache', after.misses - before.misses),
      one('re-verifications', after.verifications - before.verifications),
    ],
    failures: [],
  }
}

interface Counts {
  readonly hits: number
  readonly misses: number
  readonly verifications: number
  /** Since the key set was confirmed for the last time. */
  readonly ageSeconds: number
}

/** A token is kept from its second use on; a few need a third, as what was seen once is remembered in little room. */
async function sendUntilKept(gateway: Gateway, tokens: readonly string[]): Promise<Counts> {
  for (let turn = 0; turn < turnsMax; turn++) {
    const before = await counts(gateway)
    await sendAll(gateway.port, tokens)
    const after = await counts(gateway)
    if (after.misses === before.misses) return after
  }
  throw new Error(`not all of ${tokens.length} tokens were kept after ${turnsMax} turns`)
}

async function counts(gateway: Gateway): Promise<Counts> {
  const text = await gateway.metrics()
  const read = (name: string): number => readMetric(text, `jotgate_${name}`)
  return {
    hits: read('token_cache_hits_total'),
    misses: read('token_cache_misses_total'),
    verifications: read('verifications_total'),
    ageSeconds: read('key_set_age_seconds'),
  }
}

/** One request for each token, one after another. */
async function sendAll(port: number, tokens: readonly string[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (const token of tokens) {
    const status = await statusOf(agent, port, token)
    if (status !== 200) throw new Error(`a good token was answered ${status}`)
  }
  agent.destroy()
}

function statusOf(agent: Agent, port: number, token: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` }
    const request = get({ host: '127.0.0.1', port, path: benchPath, agent, headers }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode))
    })
    request.once('error', reject)
  })
}
