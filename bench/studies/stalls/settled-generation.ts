import type { Gateway } from '../gateway.ts'
import { pause } from '../pause.ts'
import { readMetric } from '../read-metric.ts'

const name = 'jotgate_config_generation'
const settleMs = 1_000
const settleMsMax = 60_000

/** The generation in force, once no reload is under way any more: two readings a second apart must agree. */
export async function settledGeneration(gateway: Pick<Gateway, 'metrics'>): Promise<number> {
  const deadline = Date.now() + settleMsMax
  let seen = Number.NaN
  for (;;) {
    // A worker may still be too busy with the phase before to answer.
    const text = await gateway.metrics().catch(() => '')
    const generation = readMetric(text, name)
    await pause(settleMs)
    if (generation === seen) return generation
    if (Date.now() > deadline) throw new Error(`no configuration stayed in force within ${settleMsMax} ms`)
    seen = generation
  }
}
