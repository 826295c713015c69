import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { rejectSamples } from '../../test/reject-samples.ts'
import { algorithms } from '../domain/algorithm.ts'
import { outcomeOfReason, reasons } from '../domain/reasons.ts'
import type { Reason, Reject } from '../domain/reject.ts'
import { apiCounts } from './counter-columns.ts'
import { counter, createCounters, gauge, noApiSlot } from './counters.ts'
import { mergeCounters } from './merge-counters.ts'
import { toPrometheus } from './prometheus.ts'

function seriesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
}

function sampleOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

describe('counters', () => {
  it('count requests by API, outcome and reason, and how long they took', () => {
    const counters = createCounters()
    const { apis } = counters.assign(['orders', 'demo'], [])
    const [orders = -1, demo = -1] = apis
    counters.request(orders, 'forwarded', undefined, 204, 3, 2.5)
    counters.request(orders, 'forwarded', undefined, 503, 40_000, 40_000)
    counters.request(demo, 'refused', 'token_expired', 401, 0.25, -1)
    counters.request(noApiSlot, 'refused', 'api_unknown', 404, 0.1, -1)
    const text = toPrometheus(counters.snapshot(), [])
    expect(sampleOf(text, 'jotgate_requests_total{api="orders",outcome="forwarded",reason=""}')).toBe(2)
    expect(sampleOf(text, 'jotgate_requests_total{api="demo",outcome="refused",reason="token_expired"}')).toBe(1)
    expect(sampleOf(text, 'jotgate_requests_total{api="",outcome="refused",reason="api_unknown"}')).toBe(1)
    expect(sampleOf(text, 'jotgate_responses_total{api="orders",status="2xx"}')).toBe(1)
    expect(sampleOf(text, 'jotgate_responses_total{api="orders",status="5xx"}')).toBe(1)
    expect(sampleOf(text, 'jotgate_request_duration_seconds_bucket{api="orders",le="0.002"}')).toBe(0)
    expect(sampleOf(text, 'jotgate_request_duration_seconds_bucket{api="orders",le="0.004"}')).toBe(1)
    expect(sampleOf(text, 'jotgate_request_duration_seconds_bucket{api="orders",le="16.384"}')).toBe(1)
    expect(sampleOf(text, 'jotgate_request_duration_seconds_bucket{api="orders",le="+Inf"}')).toBe(2)
    expect(sampleOf(text, 'jotgate_request_duration_seconds_sum{api="orders"}')).toBeCloseTo(40.003)
    expect(sampleOf(text, 'jotgate_request_duration_seconds_bucket{api="demo",le="0.00025"}')).toBe(1)
    expect(sampleOf(text, 'jotgate_upstream_duration_seconds_count{api="demo"}')).toBe(0)
  })

  it('keep what was counted when a reload adds, removes and reorders APIs', () => {
    const counters = createCounters()
    const before = counters.assign(['a', 'b'], ['x'])
    counters.request(before.apis[1] ?? -1, 'forwarded', undefined, 200, 1, 1)
    counters.verification(before.issuers[0] ?? -1, algorithms[3]?.bit ?? 0, true)
    const names = Array.from({ length: 50 }, (_, index) => `api-${index}`)
    const after = counters.assign([...names, 'b'], ['y', 'x'])
    expect(new Set([...after.apis, noApiSlot]).size).toBe(52)
    counters.request(after.apis[50] ?? -1, 'forwarded', undefined, 200, 1, 1)
    const text = toPrometheus(counters.snapshot(), [])
    expect(sampleOf(text, 'jotgate_requests_total{api="b",outcome="forwarded",reason=""}')).toBe(2)
    expect(sampleOf(text, 'jotgate_requests_total{api="api-0",outcome="forwarded",reason=""}')).toBe(0)
    expect(sampleOf(text, 'jotgate_verifications_total{issuer="x",algorithm="RS256",result="passed"}')).toBe(1)
  })

  it('stay bounded however often the ids of a configuration change', () => {
    const counters = createCounters()
    for (let generation = 0; generation < 3000; generation++) {
      const { apis } = counters.assign([`g${generation}`, 'kept'], [])
      counters.request(apis[0] ?? -1, 'forwarded', undefined, 200, 1, 1)
      counters.request(apis[1] ?? -1, 'forwarded', undefined, 200, 1, 1)
    }
    const apis = counters.snapshot().apis.map(apiCounts)
    expect(apis.length).toBeLessThanOrEqual(1024)
    expect(apis.find(({ id }) => id === 'kept')?.endings[0]).toBe(3000)
    expect(apis.find(({ id }) => id === 'g2999')?.endings[0]).toBe(1)
  })

  it('of several workers add up: sums, the oldest generation, the worst delay', () => {
    const workers = [1, 2, 3].map((number) => {
      const counters = createCounters()
      const { apis, issuers } = counters.assign(number === 3 ? ['new', 'orders'] : ['orders'], ['acme'])
      counters.request(apis.at(-1) ?? -1, 'forwarded', undefined, 200, number, number)
      counters.verification(issuers[0] ?? -1, algorithms[7]?.bit ?? 0, false)
      counters.add(counter.tokenCacheHits, 10)
      counters.set(gauge.generation, 6 + number)
      counters.set(gauge.callerConnections, 5)
      counters.set(gauge.eventLoopDelayExcessMs, number)
      return counters.snapshot()
    })
    // As they come from another process.
    const text = toPrometheus(mergeCounters(JSON.parse(JSON.stringify(workers))), [])
    expect(sampleOf(text, 'jotgate_requests_total{api="orders",outcome="forwarded",reason=""}')).toBe(3)
    expect(sampleOf(text, 'jotgate_request_duration_seconds_sum{api="orders"}')).toBeCloseTo(0.006)
    expect(sampleOf(text, 'jotgate_verifications_total{issuer="acme",algorithm="PS384",result="failed"}')).toBe(3)
    expect(sampleOf(text, 'jotgate_token_cache_hits_total')).toBe(30)
    expect(sampleOf(text, 'jotgate_config_generation')).toBe(7)
    expect(sampleOf(text, 'jotgate_caller_connections')).toBe(15)
    expect(sampleOf(text, 'jotgate_event_loop_delay_excess_milliseconds')).toBe(3)
    expect(mergeCounters([]).apis).toEqual([])
  })

  it('add up column by column, whichever of them a worker has', () => {
    const [a, b] = [
      ['forwarded', 'token_expired', 'forwarded'],
      ['signature_invalid', 'token_expired', 'api_unknown'],
    ].map((endings) => {
      const counters = createCounters()
      for (const ending of endings) {
        const reason = ending === 'forwarded' ? undefined : (ending as Reason)
        counters.request(noApiSlot, reason === undefined ? 'forwarded' : 'refused', reason, 200, endings.length, -1)
      }
      return counters.snapshot()
    })
    if (a === undefined || b === undefined) throw new Error('there are two')
    const merged = mergeCounters([a, b])
    expect(merged).toEqual(mergeCounters([b, a]))
    const [row] = merged.apis.map(apiCounts)
    const counted = Object.fromEntries(
      ['forwarded', ...reasons].map((ending, at) => [ending, row?.endings[at] ?? 0]).filter(([, count]) => count !== 0),
    )
    expect(counted).toEqual({ forwarded: 2, token_expired: 2, signature_invalid: 1, api_unknown: 1 })
    expect(row?.total).toEqual({ buckets: expect.arrayContaining([6]), sumMs: 18 })
  })
})

describe('the exposition text', () => {
  it('is well-formed: each family announced once, before its samples, no series twice', () => {
    const counters = createCounters()
    counters.assign(['orders'], ['acme'])
    const text = toPrometheus(counters.snapshot(), [
      {
        name: 'key_set_age_seconds',
        help: 'Age of the key set\nof an issuer \\ by id.',
        type: 'gauge',
        samples: [{ labels: { issuer: 'a"b\\c\nd' }, value: 1.5 }],
      },
    ])
    expect(text).toContain('# HELP jotgate_key_set_age_seconds Age of the key set\\nof an issuer \\\\ by id.\n')
    expect(text).toContain('jotgate_key_set_age_seconds{issuer="a\\"b\\\\c\\nd"} 1.5\n')
    let family = ''
    const announced = new Set<string>()
    for (const line of text.trimEnd().split('\n')) {
      const type = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line)?.[1]
      if (type !== undefined) {
        expect(announced.has(type)).toBe(false)
        announced.add(type)
        family = type
      } else if (!line.startsWith('# HELP ')) {
        expect(line).toMatch(/^jotgate_[a-z_]+(\{[a-z]+="[^\n]*"\})? (\d|\+Inf|NaN)/)
        expect(line.startsWith(family)).toBe(true)
      }
    }
    const series = seriesOf(text)
    expect(new Set(series).size).toBe(series.length)
  })
})

describe('S23 metric labels come from configuration or a fixed list', () => {
  it('100,000 random kids, paths and issuers leave the number of series unchanged', () => {
    const counters = createCounters()
    const { apis, issuers } = counters.assign(['orders', 'demo'], ['acme'])
    const before = seriesOf(toPrometheus(counters.snapshot(), []))
    const noise = randomBytes(100_000 * 4)
    for (let index = 0; index < 100_000; index++) {
      const text = noise.toString('hex', index * 4, index * 4 + 4)
      const rejects: readonly Reject[] = [
        { reason: 'key_unknown', kid: text, rule: 'issuers.acme.keys' },
        { reason: 'issuer_untrusted', iss: `https://${text}.example`, rule: 'apis.orders.access.issuers' },
        { reason: 'bad_header', name: text, fault: 'invalid' },
        { reason: 'api_unknown' },
        ...(index < reasons.length ? [rejectSamples[reasons[index] ?? 'internal_error']] : []),
      ]
      for (const reject of rejects) {
        const slot = apis[index % 3] ?? noApiSlot
        const outcome = outcomeOfReason[reject.reason]
        counters.request(
          slot,
          outcome,
          reject.reason,
          400 + (index % 200),
          index % 997,
          index % 2 === 0 ? index % 89 : -1,
        )
      }
      counters.verification(issuers[0] ?? -1, algorithms[index % algorithms.length]?.bit ?? 0, index % 2 === 0)
    }
    expect(seriesOf(toPrometheus(counters.snapshot(), []))).toEqual(before)
  })
})
