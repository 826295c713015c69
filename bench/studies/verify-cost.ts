import { caseNamed } from '../case-named.ts'
import type { BenchAlgorithm } from '../cases.ts'
import { runPinned } from '../run-pinned.ts'
import { tokenPool } from '../tokens.ts'
import type { Figure, Study } from './study.ts'
import { toFigure } from './to-figure.ts'

const algorithms: readonly BenchAlgorithm[] = ['RS256', 'ES256', 'EdDSA', 'HS256']

const script = new URL('./children/verify-loop.ts', import.meta.url)

/** CPU of one check of a signature, by `crypto.verify` as the gateway calls it, and nothing around it. */
export const verifyCost: Study = {
  name: 'verify-cost',
  about: 'CPU of one crypto.verify (HS256: an HMAC compared), over distinct tokens and over one token',
  run: async ({ node, gatewayCpu, rounds, say }) => {
    const figures: Figure[] = []
    for (const algorithm of algorithms) {
      const pool = tokenPool({ ...caseNamed('warm').kind, algorithm })
      const words = [algorithm, pool.file, pool.keyFile]
      const results: { distinctUs: number; sameUs: number }[] = []
      for (let round = 0; round < rounds; round++) {
        results.push(await runPinned({ node, cpus: [gatewayCpu], script, words }))
      }
      const ofKind = (name: string, values: readonly number[]): Figure =>
        toFigure({ name: `${algorithm}, ${name}`, unit: 'us', values })
      const distinct = ofKind(
        'distinct tokens',
        results.map(({ distinctUs }) => distinctUs),
      )
      const same = ofKind(
        'one token',
        results.map(({ sameUs }) => sameUs),
      )
      say(`  ${algorithm} ${distinct.value} us, the same token ${same.value} us`)
      figures.push(distinct, same)
    }
    return { figures, failures: [] }
  },
}
