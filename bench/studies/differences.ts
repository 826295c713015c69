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

/** What is measured, each in a process of its own. Undefined: as many requests a second as it takes. */
const visits = {
  public: { of: 'public', rpsMax: undefined },
  refused: { of: 'refused', rpsMax: undefined },
  warm: { of: 'warm', rpsMax: undefined },
  unique: { of: 'unique', rpsMax: undefined },
  'public, 8,000/s': { of: 'public', rpsMax: 8_000 },
  'warm, 8,000/s': { of: 'warm', rpsMax: 8_000 },
  'unique, 8,000/s': { of: 'unique', rpsMax: 8_000 },
  'public, 5,500/s': { of: 'public', rpsMax: 5_500 },
  'unique-es256, 5,500/s': { of: 'unique-es256', rpsMax: 5_500 },
  'public, 4,000/s': { of: 'public', rpsMax: 4_000 },
  'unique-eddsa, 4,000/s': { of: 'unique-eddsa', rpsMax: 4_000 },
} as const

type Name = keyof typeof visits

/** In this order and back again in every round, so that what drifts weighs on all alike. */
const order = Object.keys(visits) as readonly Name[]

interface Row {
  readonly name: string
  readonly of: Name
  readonly less: Name
  readonly unit: 'us' | 'ratio'
  readonly steadiness: Steadiness
}

const us = { unit: 'us', steadiness: 'difference' } as const
const ratio = { unit: 'ratio', steadiness: 'ratio' } as const

/**
 * Both of a row in the same round. Microseconds are of one rate, some 80 % of what the dearer case can do: where the gateway
 * is the limit, upstream and callers fall asleep between its requests, and what it costs to wake them, 14 to 20 us, is
 * none of the token's.
 */
const rows: readonly Row[] = [
  { name: 'warm minus public', of: 'warm, 8,000/s', less: 'public, 8,000/s', ...us },
  { name: 'unique minus public, RS256', of: 'unique, 8,000/s', less: 'public, 8,000/s', ...us },
  { name: 'unique minus public, ES256', of: 'unique-es256, 5,500/s', less: 'public, 5,500/s', ...us },
  { name: 'unique minus public, EdDSA', of: 'unique-eddsa, 4,000/s', less: 'public, 4,000/s', ...us },
  { name: 'warm minus public, at saturation', of: 'warm', less: 'public', ...us },
  { name: 'unique minus public, RS256, at saturation', of: 'unique', less: 'public', ...us },
  { name: 'refused / public', of: 'refused', less: 'public', ...ratio },
]

const rateShareMin = 0.98

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
    const paired = rows.map(({ name, of, less, unit, steadiness }) => {
      const pairs = good.map((round) => [cpuUs(round, of), cpuUs(round, less)] as const)
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
    const sample = keptRate(await runSample(context, name), visits[name].rpsMax)
    context.say(`  ${name.padEnd(21)} ${sample.cpuUsPerRequest.toFixed(1)} us ${sample.fault ?? ''}`)
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

/** A rate that is asked for and not reached is another case. */
function keptRate(sample: Sample, rpsMax: number | undefined): Sample {
  if (rpsMax === undefined || sample.rps >= rpsMax * rateShareMin) return sample
  return { ...sample, fault: sample.fault ?? `${Math.round(sample.rps)} requests a second, not ${rpsMax}` }
}

async function runSample(context: StudyContext, name: Name): Promise<Sample> {
  const { of, rpsMax } = visits[name]
  const benchCase = { ...caseNamed(of), rpsMax }
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
