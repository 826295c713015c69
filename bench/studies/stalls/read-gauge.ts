import type { Gateway } from '../gateway.ts'
import { readMetric } from '../read-metric.ts'

const name = 'jotgate_event_loop_delay_excess_milliseconds'

/** The worst delay of a worker's event loop since it was last asked for, in ms; that of the answer before is part of it. */
export async function readGauge(gateway: Pick<Gateway, 'metrics'>): Promise<number> {
  const ms = readMetric(await gateway.metrics(), name)
  if (Number.isNaN(ms)) throw new Error(`the metrics have no ${name}`)
  return ms
}
