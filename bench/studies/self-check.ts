import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { measure } from '../measure.ts'
import { probesOf } from '../probe.ts'
import { startUpstream } from '../sides/nginx.ts'
import { ended } from '../sides/side.ts'
import { tokenPool } from '../tokens.ts'
import { benchConfig } from './bench-config.ts'
import { caseNamed } from './case-named.ts'
import { startGateway } from './gateway.ts'
import type { Figure, Study, StudyContext } from './study.ts'

interface Trick {
  readonly name: string
  /** The case that must find it out. */
  readonly caseName: string
  /** A part of the gateway, and what stands in for it. */
  readonly swap?: { readonly part: string; readonly by: string }
  /** Processes that do nothing but use up the load's core. */
  readonly spinners?: number
  /** What the fault must speak of. */
  readonly fault: RegExp
}

/** Ways to a good figure that is not one, and one to a bad figure that is the load's own. */
const tricks: readonly Trick[] = [
  {
    name: 'the cache is off',
    caseName: 'warm',
    swap: { part: '/dist/proxy/token-cache.js', by: 'cache-off.mjs' },
    fault: /hit rate/,
  },
  {
    name: 'signatures are not verified',
    caseName: 'warm',
    swap: { part: '/dist/keys/verify-signature.js', by: 'every-signature-good.mjs' },
    fault: /a forged token was answered 200/,
  },
  { name: 'the generator is the limit', caseName: 'warm', spinners: 4, fault: /load core was idle/ },
]

/** The benchmark looks at itself: a run that does not count must say so. An honest one beside them must not. */
export const selfCheck: Study = {
  name: 'self-check',
  about: 'runs that must not count are flagged',
  run: async (context) => {
    const figures: Figure[] = []
    const failures: string[] = []
    for (const trick of tricks) {
      const fault = await faultOf(context, trick)
      const isFlagged = fault !== undefined && trick.fault.test(fault)
      context.say(`  ${isFlagged ? 'flagged' : 'NOT FLAGGED'}: ${trick.name} (${fault ?? 'no fault'})`)
      const note = `${isFlagged ? 'flagged' : 'not flagged'}: ${fault ?? 'no fault'}`
      figures.push({ name: trick.name, unit: 'count', value: isFlagged ? 1 : 0, range: null, note })
      if (!isFlagged) failures.push(`not flagged: ${trick.name}`)
    }
    return { figures, failures }
  },
}

async function faultOf(context: StudyContext, trick: Trick): Promise<string | undefined> {
  const { node, folder, gatewayCpu, loadCpu, seconds } = context
  const benchCase = caseNamed(trick.caseName)
  const pool = tokenPool(benchCase.kind)
  const upstream = await startUpstream(folder, loadCpu)
  const config = benchConfig(upstream.port, { keys: { publicKey: readFileSync(pool.keyFile, 'utf8') } })
  const imports = trick.swap === undefined ? [] : [swapUrl(trick.swap)]
  const gateway = await startGateway({ node, cpu: gatewayCpu, workers: 1, folder, config, imports })
  const spinners = Array.from({ length: trick.spinners ?? 0 }, () => spin(loadCpu))
  try {
    const sample = await measure(gateway, {
      ...{ benchCase, tokenFile: pool.file, gatewayCpu, loadCpu, connections: 32, upstream },
      probes: probesOf(benchCase),
      ...{ seconds, warmSeconds: 2, warmRequests: 30_000 },
    })
    return sample.fault
  } finally {
    await Promise.all(spinners.map(ended))
    await gateway.stop()
    await upstream.stop()
  }
}

function swapUrl({ part, by }: NonNullable<Trick['swap']>): string {
  const url = new URL('./hooks/swap-module.mjs', import.meta.url)
  url.searchParams.set('part', part)
  url.searchParams.set('by', new URL(`./impostors/${by}`, import.meta.url).href)
  return url.href
}

function spin(cpu: number): ChildProcess {
  return spawn('taskset', ['-c', String(cpu), process.execPath, '-e', 'for (;;) {}'], { stdio: 'ignore' })
}
