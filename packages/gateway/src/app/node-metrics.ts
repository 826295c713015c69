import { type CounterSnapshot, counter } from '../telemetry/counters.ts'
import { mergeCounters } from '../telemetry/merge-counters.ts'
import { type ExtraMetric, toPrometheus } from '../telemetry/prometheus.ts'

/** What one worker answered to a scrape; undefined: it gave no answer in time. */
export interface WorkerCounts {
  readonly pid: number
  readonly counters: CounterSnapshot | undefined
}

/** What control itself knows at a scrape. */
export interface NodeFacts {
  readonly workersWanted: number
  readonly workersServing: number
  readonly configRefused: boolean
  /** By control's own log. */
  readonly logLinesDropped: number
  /** What TLS ports show; both are positions in the configuration. */
  readonly certificates: readonly { readonly listener: number; readonly index: number; readonly notAfterMs: number }[]
  readonly keySets: readonly {
    readonly issuerId: string
    readonly status: string
    readonly ageMs: number | undefined
  }[]
}

/** The node's metrics over all workers, those that died included: a sum that falls would look like a restart. */
export interface NodeMetrics {
  readonly scrape: (workers: readonly WorkerCounts[], facts: NodeFacts) => string
}

const nothing: CounterSnapshot = { counters: [], gauges: [], apis: [], issuers: [] }

export function createNodeMetrics(): NodeMetrics {
  let lastOf: ReadonlyMap<number, CounterSnapshot> = new Map()
  /** What workers that are gone had counted when they last answered. */
  let gone: CounterSnapshot = nothing

  return {
    scrape: (workers, facts) => {
      const pids = new Set(workers.map(({ pid }) => pid))
      const left = [...lastOf].flatMap(([pid, counters]) => (pids.has(pid) ? [] : [counters]))
      gone = mergeCounters([...left, gone])
      lastOf = new Map(
        workers.flatMap(({ pid, counters = lastOf.get(pid) }) =>
          counters === undefined ? [] : [[pid, counters] as const],
        ),
      )
      const present = mergeCounters([...lastOf.values()])
      const merged = { ...addDropped(mergeCounters([present, gone]), facts), gauges: present.gauges }
      return toPrometheus(merged, extraMetrics(workers, facts))
    },
  }
}

/** One count over all processes that log. */
function addDropped(merged: CounterSnapshot, { logLinesDropped }: NodeFacts): CounterSnapshot {
  const counters = [...merged.counters]
  counters[counter.logLinesDropped] = (counters[counter.logLinesDropped] ?? 0) + logLinesDropped
  return { ...merged, counters }
}

function extraMetrics(workers: readonly WorkerCounts[], facts: NodeFacts): readonly ExtraMetric[] {
  const silent = workers.filter(({ counters }) => counters === undefined).length
  return [
    gaugeOf('workers_wanted', 'Workers this node should run.', facts.workersWanted),
    gaugeOf('workers_serving', 'Workers that serve the generation in force.', facts.workersServing),
    gaugeOf('workers_silent', 'Workers that gave this scrape no answer; their last counts stand in.', silent),
    gaugeOf('config_refused', '1 while the last reload was refused.', facts.configRefused ? 1 : 0),
    {
      name: 'certificate_not_after_seconds',
      help: 'When a certificate of a TLS port ends, in seconds since 1970.',
      type: 'gauge',
      samples: facts.certificates.map(({ listener, index, notAfterMs }) => ({
        labels: { listener: String(listener), certificate: String(index) },
        value: notAfterMs / 1000,
      })),
    },
    {
      name: 'key_set_age_seconds',
      help: "Time since an issuer's fetched keys were last confirmed.",
      type: 'gauge',
      samples: facts.keySets.flatMap(({ issuerId, ageMs }) =>
        ageMs === undefined ? [] : [{ labels: { issuer: issuerId }, value: ageMs / 1000 }],
      ),
    },
    {
      name: 'key_set_status',
      help: '1 for the status an issuer’s fetched keys are in.',
      type: 'gauge',
      samples: facts.keySets.flatMap(({ issuerId, status }) =>
        ['fresh', 'stale', 'unavailable'].map((one) => ({
          labels: { issuer: issuerId, status: one },
          value: one === status ? 1 : 0,
        })),
      ),
    },
  ]
}

function gaugeOf(name: string, help: string, value: number): ExtraMetric {
  return { name, help, type: 'gauge', samples: [{ labels: {}, value }] }
}
