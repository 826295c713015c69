import { execFileSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { benchPath } from '../cases.ts'
import { type Latency, latencyAt } from '../load/latency.ts'
import { saturate } from '../load/saturate.ts'
import { startUpstream } from '../sides/nginx.ts'
import { tokenPool } from '../tokens.ts'
import { benchConfig } from './bench-config.ts'
import { caseNamed } from './case-named.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { type JwksServer, startJwksServer } from './jwks-server.ts'
import { longestStall, type StallEvent } from './longest-stall.ts'
import { publishedKey } from './published-key.ts'
import { readMetric } from './read-metric.ts'
import type { Figure, Study, StudyContext } from './study.ts'
import { toFigure } from './to-figure.ts'
import { widenConfig } from './widen-config.ts'

/** `controlAway`: control on the load's core, which tells what a worker's own work is from what it waits for. */
const sizes = [
  { name: 'one API', others: 0, controlAway: false, secondsMin: 6 },
  { name: '2,000 APIs and issuers', others: 2_000, controlAway: false, secondsMin: 12 },
  { name: '2,000, control on the other core', others: 2_000, controlAway: true, secondsMin: 12 },
] as const

/** What happens meanwhile. Metrics are read after a phase, for reading them is work too, and a phase of its own. */
const phases = [
  { name: 'load alone', reloads: 'none', rotates: false, scrapes: false },
  { name: 'reloads of one entry', reloads: 'one', rotates: false, scrapes: false },
  { name: 'reloads of all entries', reloads: 'all', rotates: false, scrapes: false },
  { name: 'key rotation', reloads: 'none', rotates: true, scrapes: false },
  { name: 'reloads of all entries and rotation', reloads: 'all', rotates: true, scrapes: false },
  { name: 'scrapes of the metrics', reloads: 'none', rotates: false, scrapes: true },
] as const

type Size = (typeof sizes)[number]
type Phase = (typeof phases)[number]

const reloadEveryMs = 2_000
const rotateEveryMs = 1_000
const scrapeEveryMs = 2_000
/** Of what the gateway itself does at saturation. */
const loadShare = 0.7
const settleMs = 1_000
const watchWritesMs = 600
const lateGenerator = 'the generator did not keep up with the rate'
const generationName = 'jotgate_config_generation'
const gaugeName = 'jotgate_event_loop_delay_excess_milliseconds'

interface Run {
  readonly context: StudyContext
  readonly gateway: Gateway
  readonly jwks: JwksServer
  readonly reload: (changed: 'one' | 'all') => void
  readonly rotate: () => void
  readonly tokenFile: string
  readonly rps: number
  readonly stallFile: string
}

/**
 * The longest stall of a worker's event loop under load, while nothing, reloads and key rotations happen: by a tick of one
 * millisecond inside the worker, by the gateway's own gauge, and by the longest latency a caller saw. All processes of the
 * gateway share one core: what the operating system gives to control while the worker waits counts as a stall.
 */
export const stalls: Study = {
  name: 'stalls',
  about: "longest stall of a worker's event loop at 70 % load, with reloads and key rotation",
  run: async (context) => {
    const figures: Figure[] = []
    for (const size of sizes) figures.push(...(await runSize(context, size)))
    return { figures, failures: [] }
  },
}

async function runSize(context: StudyContext, size: Size): Promise<readonly Figure[]> {
  const { node, folder, gatewayCpu, loadCpu } = context
  const pool = tokenPool(caseNamed('warm').kind)
  const key = createPublicKey(readFileSync(pool.keyFile))
  const upstream = await startUpstream(folder, loadCpu)
  const jwks = await startJwksServer([publishedKey(key, 'bench')], 1)
  const base = benchConfig(upstream.port, { keys: { jwksUri: jwks.url }, allowInsecureHttp: true })
  const still = { others: size.others, upstreamPort: upstream.port, jwk: publishedKey(key, 'bench') }
  const edition = { edition: 0, editionOfAll: 0 }
  const stallFile = join(folder, `stalls-${size.name}`)
  writeFileSync(stallFile, '')
  const gateway = await startGateway({
    ...{ node, cpu: gatewayCpu, workers: 1, folder, imports: [watchUrl(stallFile)] },
    config: widenConfig(base, { ...still, ...edition }),
  })
  try {
    if (size.controlAway) execFileSync('taskset', ['-acp', String(loadCpu), controlPid(gateway.pid)])
    const load = { tokenFile: pool.file, connections: 32, cpu: loadCpu }
    const url = `http://127.0.0.1:${gateway.port}${benchPath}`
    const warmUp = await saturate({ ...load, url, seconds: 5, startAt: 0 })
    const full = await saturate({ ...load, url, seconds: 3, startAt: warmUp.requests })
    if (full.notOk > 0) throw new Error(`${full.notOk} answers of ${full.requests} were not 200`)
    const run: Run = {
      ...{ context, gateway, jwks, stallFile, tokenFile: pool.file, rotate: rotation(jwks, key) },
      rps: (full.requests / full.seconds) * loadShare,
      reload: (changed) => {
        edition.edition++
        if (changed === 'all') edition.editionOfAll++
        gateway.reload(widenConfig(base, { ...still, ...edition }))
      },
    }
    const figures: Figure[] = []
    for (const phase of phases) figures.push(...(await runPhase(run, size, phase)))
    return figures
  } finally {
    await gateway.stop()
    jwks.stop()
    await upstream.stop()
  }
}

function watchUrl(stallFile: string): string {
  const url = new URL('./hooks/watch-loop.mjs', import.meta.url)
  url.searchParams.set('file', stallFile)
  return url.href
}

/** Beside the key that signs there is another, new with each rotation: the next to sign is published before it does. */
function rotation(jwks: JwksServer, signing: KeyObject): () => void {
  const companions = Array.from({ length: 4 }, () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)
  let count = 0
  return () => {
    count++
    const companion = companions[count % companions.length]
    if (companion === undefined) throw new Error('there is no companion')
    jwks.publish([publishedKey(signing, 'bench'), publishedKey(companion, `companion-${count}`)])
  }
}

async function runPhase(run: Run, size: Size, phase: Phase): Promise<readonly Figure[]> {
  const { context, gateway, rps, tokenFile, stallFile } = run
  const generationBefore = await settledGeneration(gateway)
  const gauges: number[] = []
  const each: readonly (readonly [isDone: boolean, everyMs: number, what: string, act: () => unknown])[] = [
    [phase.reloads !== 'none', reloadEveryMs, 'a reload', () => run.reload(phase.reloads === 'all' ? 'all' : 'one')],
    [phase.rotates, rotateEveryMs, 'a rotation', run.rotate],
    [phase.scrapes, scrapeEveryMs, 'a scrape', async () => gauges.push(await readGauge(gateway))],
  ]
  const events: StallEvent[] = []
  const fromMs = Date.now()
  const timers = each
    .filter(([isDone]) => isDone)
    .map(([, everyMs, what, act]) =>
      setInterval(() => {
        events.push({ atMs: Date.now(), what })
        void act()
      }, everyMs),
    )
  const seconds = Math.max(context.seconds, size.secondsMin)
  const paced = { port: gateway.port, path: benchPath, tokenFile, rps, seconds, cpu: context.loadCpu }
  const latency = await latencyAt(paced).catch((error: Error) => error)
  for (const timer of timers) clearInterval(timer)
  const untilMs = Date.now()
  // The watch writes every half second; then the gauge, whose reading is itself work of the worker's.
  await pause(watchWritesMs)
  gauges.push(await readGauge(gateway))
  const found = longestStall(readFileSync(stallFile, 'utf8'), fromMs, untilMs, events)
  const generations = (await settledGeneration(gateway)) - generationBefore
  const about = `${size.name}, ${phase.name}`
  const told = tell(about, { ...found, gaugeMs: Math.max(...gauges), latency, generations })
  context.say(`  ${about}: ${found.longest.ms.toFixed(1)} ms; ${told[0]?.note ?? ''}`)
  return told
}

interface Found extends ReturnType<typeof longestStall> {
  readonly gaugeMs: number
  /** Undefined: the generator was late; an error: requests got no answer. */
  readonly latency: Latency | Error | undefined
  readonly generations: number
}

function tell(about: string, found: Found): readonly Figure[] {
  const { longest, over20Ms, gaugeMs, latency, generations } = found
  const { after } = longest
  const note = [
    ...(after === undefined ? [] : [`${after.ms} ms after ${after.what}`]),
    `${over20Ms} over 20 ms`,
    `${generations} generations came into force`,
  ].join('; ')
  const outside = latency instanceof Error || latency === undefined ? [] : [latency.maxMs]
  const faults = latency instanceof Error ? [latency.message] : latency === undefined ? [lateGenerator] : []
  return [
    { ...toFigure({ name: `${about}: longest stall`, unit: 'ms', values: [longest.ms] }), note },
    toFigure({ name: `${about}: the gateway's own gauge`, unit: 'ms', values: [gaugeMs] }),
    toFigure({ name: `${about}: longest latency`, unit: 'ms', values: outside, faults }),
  ]
}

/** The generation in force, once no reload is under way any more. */
async function settledGeneration(gateway: Gateway): Promise<number> {
  let seen = Number.NaN
  for (;;) {
    const generation = readMetric(await gateway.metrics(), generationName)
    await pause(settleMs)
    if (generation === seen) return generation
    seen = generation
  }
}

/** The worst since it was last asked for. */
async function readGauge(gateway: Gateway): Promise<number> {
  return readMetric(await gateway.metrics(), gaugeName)
}

function controlPid(supervisor: number): string {
  return execFileSync('pgrep', ['-P', String(supervisor), '-f', 'control-main'], { encoding: 'utf8' }).trim()
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
