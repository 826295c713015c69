import { readFileSync } from 'node:fs'
import { caseNamed } from '../case-named.ts'
import { measure } from '../measure.ts'
import { startUpstream } from '../sides/nginx.ts'
import { ended } from '../sides/side.ts'
import { spawnPinned } from '../spawn-pinned.ts'
import { tokenPool } from '../tokens.ts'
import { benchConfig } from './bench-config.ts'
import { startGateway } from './gateway.ts'
import { judgeFault } from './judge-fault.ts'
import { standardLoad } from './standard-load.ts'
import type { Figure, Study, StudyContext } from './study.ts'
import { withCleanup } from './with-cleanup.ts'

interface Trick {
  readonly name: string
  /** The case that must find it out. */
  readonly caseName: string
  /** A part of the gateway, and what stands in for it. */
  readonly swap?: { readonly part: string; readonly by: string }
  /** Processes that do nothing but use up the load's core. */
  readonly spinners?: number
  /** What the fault must speak of; undefined: there must be none. */
  readonly fault: RegExp | undefined
}

/**
 * Ways to a good figure that is not one, and one to a bad figure that is the load's own. First an honest run of the same
 * case in the same way: a benchmark that flags everything would flag the others, too.
 */
const tricks: readonly Trick[] = [
  { name: 'an honest run', caseName: 'warm', fault: undefined },
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

/** Uses up whatever core it has. */
const spinner = [process.execPath, '-e', 'for (;;) {}']

/** The benchmark looks at itself: a run that does not count must say so. An honest one beside them must not. */
export const selfCheck: Study = {
  name: 'self-check',
  about: 'runs that must not count are flagged, and an honest one is not',
  run: async (context) => {
    const figures: Figure[] = []
    const failures: string[] = []
    for (const trick of tricks) {
      const { isRight, said } = judgeFault(await faultOf(context, trick), trick.fault)
      context.say(`  ${trick.name}: ${said}`)
      figures.push({ name: trick.name, unit: 'count', value: isRight ? 1 : 0, range: null, note: said })
      if (!isRight) failures.push(`${trick.name}: ${said}`)
    }
    return { figures, failures }
  },
}

function faultOf(context: StudyContext, trick: Trick): Promise<string | undefined> {
  const { node, folder, gatewayCpu, loadCpu } = context
  const benchCase = caseNamed(trick.caseName)
  const pool = tokenPool(benchCase.kind)
  return withCleanup(async (atEnd) => {
    const upstream = await startUpstream(folder, loadCpu)
    atEnd(upstream.stop)
    const config = benchConfig(upstream.port, { keys: { publicKey: readFileSync(pool.keyFile, 'utf8') } })
    const imports = trick.swap === undefined ? [] : [swapUrl(trick.swap)]
    const gateway = await startGateway({ node, cpu: gatewayCpu, workers: 1, folder, config, imports })
    atEnd(gateway.stop)
    for (let started = 0; started < (trick.spinners ?? 0); started++) {
      const child = spawnPinned([loadCpu], spinner, 'ignore')
      atEnd(() => ended(child))
    }
    return (await measure(gateway, standardLoad(context, benchCase, pool.file, upstream))).fault
  })
}

function swapUrl({ part, by }: NonNullable<Trick['swap']>): string {
  const url = new URL('./hooks/swap-module.mjs', import.meta.url)
  url.searchParams.set('part', part)
  url.searchParams.set('by', new URL(`./impostors/${by}`, import.meta.url).href)
  return url.href
}
