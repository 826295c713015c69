import { caseNamed } from '../case-named.ts'
import { mean } from '../mean.ts'
import { measure, type Sample } from '../measure.ts'
import { referenceUs } from '../reference-us.ts'
import { roundFaults } from '../round-faults.ts'
import { startJotgate } from '../sides/jotgate.ts'
import { startUpstream } from '../sides/nginx.ts'
import { tokenPool } from '../tokens.ts'
import { standardLoad } from './standard-load.ts'
import type { Study, StudyContext } from './study.ts'
import { type Steadiness, toFigure } from './to-figure.ts'

/** In this order and back again in every round, so that what drifts weighs on all alike. */
const order = ['public', 'refused', 'warm', 'unique', 'unique-es256', 'unique-eddsa'] as const

type Name = (typeof order)[number]

interface Row {
  readonly name: string
  readonly of: Name
  readonly unit: 'us' | 'ratio'
  readonly steadiness: Steadiness
}

/** Each is held against `public` of the same round. */
const rows: readonly Row[] = [
  { name: 'warm minus public', of: 'warm', unit: 'us', steadiness: 'difference' },
  { name: 'unique minus public, RS256', of: 'unique', unit: 'us', steadiness: 'difference' },
  { name: 'unique minus public, ES256', of: 'unique-es256', unit: 'us', steadiness: 'difference' },
  { name: 'unique minus public, EdDSA', of: 'unique-eddsa', unit: 'us', steadiness: 'difference' },
  { name: 'refused / public', of: 'refused', unit: 'ratio', steadiness: 'ratio' },
]

interface Round {
  readonly cpuUs: ReadonlyMap<Name, number>
  readonly faults: readonly string[]
}

/** What a request costs the gateway more than one on a public route, cases interleaved within each round. */
export const differences: Study = {
  name: 'differences',
  about: 'CPU of a request above one on a public route, paired within rounds',
  run: async (context) => {
    const rounds: Round[] = []
    for (let round = 0; round < context.rounds; round++) rounds.push(await runRound(context))
    const good = rounds.filter(({ faults }) => faults.length === 0)
    const faults = rounds.flatMap((round) => round.faults)
    const cpuUs = (round: Round, name: Name): number => round.cpuUs.get(name) ?? Number.NaN
    const each = order.map((name) =>
      toFigure({ name, unit: 'us', values: good.map((round) => cpuUs(round, name)), faults }),
    )
    const paired = rows.map(({ name, of, unit, steadiness }) => {
      const pairs = good.map((round) => [cpuUs(round, of), cpuUs(round, 'public')] as const)
      const values = pairs.map(([one, open]) => (unit === 'us' ? one - open : one / open))
      return toFigure({ name, unit, values, steadiness, faults })
    })
    return { figures: [...each, ...paired], failures: [] }
  },
}

async function runRound(context: StudyContext): Promise<Round> {
  const before = await referenceUs(context.gatewayCpu)
  const samples = new Map<Name, Sample[]>()
  for (const name of [...order, ...order.toReversed()]) {
    const sample = await runSample(context, name)
    context.say(`  ${name.padEnd(12)} ${sample.cpuUsPerRequest.toFixed(1)} us ${sample.fault ?? ''}`)
    samples.set(name, [...(samples.get(name) ?? []), sample])
  }
  const after = await referenceUs(context.gatewayCpu)
  return {
    cpuUs: new Map([...samples].map(([name, both]) => [name, mean(both.map((one) => one.cpuUsPerRequest))])),
    faults: [...samples].flatMap(([name, both]) =>
      roundFaults({ samples: both, referenceUs: [before, after] }).map((fault) => `${name}: ${fault}`),
    ),
  }
}

async function runSample(context: StudyContext, name: Name): Promise<Sample> {
  const benchCase = caseNamed(name)
  const { file, keyFile, keyFiles } = tokenPool(benchCase.kind)
  const { folder, node, gatewayCpu: cpu } = context
  const upstream = await startUpstream(folder, context.loadCpu)
  try {
    const side = await startJotgate({ benchCase, cpu, upstreamPort: upstream.port, keyFile, keyFiles, folder, node })
    try {
      return await measure(side, standardLoad(context, benchCase, file, upstream))
    } finally {
      await side.stop()
    }
  } finally {
    await upstream.stop()
  }
}
