import { prometheusMediaType } from '../telemetry/prometheus.ts'
import type { AdminPorts } from './ports.ts'

/** All counters in Prometheus' text format. */
export async function readMetrics(ports: AdminPorts): Promise<Response> {
  const text = await ports.metrics()
  return new Response(text, { headers: { 'Content-Type': prometheusMediaType } })
}
