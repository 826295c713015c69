import { describe, expect, it } from 'vitest'
import { type Counters, createCounters, noApiSlot } from '../telemetry/counters.ts'
import { createNodeMetrics, type NodeFacts } from './node-metrics.ts'

const facts: NodeFacts = {
  workersWanted: 2,
  workersServing: 2,
  configRefused: false,
  logLinesDropped: 0,
  certificates: [],
  keySets: [],
}

function counted(requests: number): Counters {
  const counters = createCounters()
  for (let index = 0; index < requests; index += 1) {
    counters.request(noApiSlot, 'forwarded', undefined, 200, 1, -1)
  }
  return counters
}

function requestsIn(text: string): number {
  return Number(/^jotgate_requests_total\{api="",outcome="forwarded",reason=""\} (\d+)$/m.exec(text)?.[1])
}

function readGauge(text: string, name: string): number {
  return Number(new RegExp(`^jotgate_${name} (\\d+)$`, 'm').exec(text)?.[1])
}

describe('metrics of a node', () => {
  it('add up over the workers', () => {
    const workers = [3, 4].map((requests, pid) => ({ pid, counters: counted(requests).snapshot() }))
    expect(requestsIn(createNodeMetrics().scrape(workers, facts))).toBe(7)
  })

  it('never fall when a worker dies and another takes its place', () => {
    const metrics = createNodeMetrics()
    const survivor = { pid: 1, counters: counted(10).snapshot() }
    metrics.scrape([survivor, { pid: 2, counters: counted(5).snapshot() }], facts)
    expect(requestsIn(metrics.scrape([survivor], facts))).toBe(15)
    expect(requestsIn(metrics.scrape([survivor, { pid: 3, counters: counted(1).snapshot() }], facts))).toBe(16)
  })

  it('a worker that gives no answer is counted as silent, and its last counts stand in', () => {
    const metrics = createNodeMetrics()
    metrics.scrape([{ pid: 1, counters: counted(10).snapshot() }], facts)
    const text = metrics.scrape([{ pid: 1, counters: undefined }], facts)
    expect(requestsIn(text)).toBe(10)
    expect(readGauge(text, 'workers_silent')).toBe(1)
  })

  it('present values of a worker that is gone do not linger', () => {
    const metrics = createNodeMetrics()
    const dying = counted(0)
    dying.set(3, 7)
    metrics.scrape([{ pid: 1, counters: dying.snapshot() }], facts)
    const text = metrics.scrape([{ pid: 2, counters: counted(0).snapshot() }], facts)
    expect(readGauge(text, 'requests_in_flight')).toBe(0)
  })

  it('say what control knows', () => {
    const keySets = [{ issuerId: 'acme', status: 'stale', ageMs: 1500 }]
    const text = createNodeMetrics().scrape([], { ...facts, configRefused: true, logLinesDropped: 4, keySets })
    expect(readGauge(text, 'config_refused')).toBe(1)
    expect(readGauge(text, 'log_lines_dropped_total')).toBe(4)
    expect(text).toContain('jotgate_key_set_age_seconds{issuer="acme"} 1.5')
    expect(text).toContain('jotgate_key_set_status{issuer="acme",status="stale"} 1')
  })
})
