import { execFileSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { caseNamed } from '../case-named.ts'
import { benchPath } from '../cases.ts'
import { pacedRpsMax } from '../load/paced-rps-max.ts'
import { saturate } from '../load/saturate.ts'
import { startJwksServer } from '../sides/jwks-server.ts'
import { startUpstream } from '../sides/nginx.ts'
import { publishedKey } from '../sides/published-key.ts'
import { tokenPool } from '../tokens.ts'
import { benchConfig } from './bench-config.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { moveToCpu } from './move-to-cpu.ts'
import { phases } from './stalls/phases.ts'
import { rotatingKeys } from './stalls/rotating-keys.ts'
import { runPhase } from './stalls/run-phase.ts'
import type { StallsRun } from './stalls/stalls-run.ts'
import { tellPhase } from './stalls/tell-phase.ts'
import type { Figure, Study, StudyContext } from './study.ts'
import { widenConfig } from './widen-config.ts'
import { type AtEnd, withCleanup } from './with-cleanup.ts'

/** `controlAway`: control on the load's core, which tells what a worker's own work is from what it waits for. */
const sizes = [
  { name: 'one API', others: 0, controlAway: false, secondsMin: 7 },
  { name: '2,000 APIs and issuers', others: 2_000, controlAway: false, secondsMin: 13 },
  { name: '2,000, control on the other core', others: 2_000, controlAway: true, secondsMin: 13 },
] as const

type Size = (typeof sizes)[number]

/** Of what the gateway itself does at saturation. */
const loadShare = 0.7
/** The shortest there is: the key set is asked for about once a second. */
const maxAgeSeconds = 1

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
    for (const size of sizes) figures.push(...(await withCleanup((atEnd) => runSize(context, size, atEnd))))
    return { figures, failures: [] }
  },
}

async function runSize(context: StudyContext, size: Size, atEnd: AtEnd): Promise<readonly Figure[]> {
  const { node, folder, gatewayCpu, loadCpu } = context
  const pool = tokenPool(caseNamed('warm').kind)
  const signing = createPublicKey(readFileSync(pool.keyFile))
  const { keys, rotate, fetched } = rotatingKeys(signing)
  const upstream = await startUpstream(folder, loadCpu)
  atEnd(upstream.stop)
  const jwks = await startJwksServer({ keys, maxAgeSeconds })
  atEnd(jwks.stop)
  const base = benchConfig(upstream.port, { keys: { jwksUri: jwks.uri }, allowInsecureHttp: true })
  const still = { others: size.others, upstreamPort: upstream.port, jwk: publishedKey(signing, 'bench') }
  const edition = { edition: 0, editionOfAll: 0 }
  const stallFile = join(folder, `stalls-${size.name}`)
  writeFileSync(stallFile, '')
  const gateway = await startGateway({
    ...{ node, cpu: gatewayCpu, workers: 1, folder, imports: [watchUrl(stallFile)] },
    config: widenConfig(base, { ...still, ...edition }),
  })
  atEnd(gateway.stop)
  if (size.controlAway) moveToCpu(controlPid(gateway.pid), loadCpu)
  const fullRps = await saturatedRps(gateway, pool.file, loadCpu)
  const run: StallsRun = {
    ...{
      gateway,
      rotate,
      fetched,
      stallFile,
      loadCpu,
      tokenFile: pool.file,
      rps: Math.min(fullRps * loadShare, pacedRpsMax),
    },
    seconds: Math.max(context.seconds, size.secondsMin),
    reload: (changed) => {
      edition.edition++
      if (changed === 'all') edition.editionOfAll++
      gateway.reload(widenConfig(base, { ...still, ...edition }))
    },
  }
  const figures: Figure[] = []
  for (const phase of phases) {
    const about = `${size.name}, ${phase.name}`
    const told = tellPhase(about, await runPhase(run, phase))
    context.say(`  ${about}: ${told[0]?.value?.toFixed(1) ?? '-'} ms; ${told[0]?.note ?? ''}`)
    figures.push(...told)
  }
  return figures
}

function watchUrl(stallFile: string): string {
  const url = new URL('./hooks/watch-loop.mjs', import.meta.url)
  url.searchParams.set('file', stallFile)
  return url.href
}

/** What a warm gateway does a second; throws when it did anything but let all of it through. */
async function saturatedRps({ port }: Gateway, tokenFile: string, cpu: number): Promise<number> {
  const load = { tokenFile, connections: 32, cpu, url: `http://127.0.0.1:${port}${benchPath}` }
  const warmUp = await saturate({ ...load, seconds: 5, startAt: 0 })
  const { requests, seconds, notOk, errors } = await saturate({ ...load, seconds: 3, startAt: warmUp.requests })
  if (requests === 0) throw new Error('the gateway answered nothing')
  if (notOk + errors > 0) throw new Error(`${notOk + errors} requests of ${requests} were not let through`)
  return requests / seconds
}

function controlPid(supervisor: number): number {
  return Number(execFileSync('pgrep', ['-P', String(supervisor), '-f', 'control-main'], { encoding: 'utf8' }))
}
