import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createNodeMetrics } from '../src/app/node-metrics.ts'
import { createCounters } from '../src/telemetry/counters.ts'

/** Name, type, labels and help of every metric, as a row of docs/metrics.md. */
function rows(exposition: string): readonly string[] {
  const help = [...exposition.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$/gm)]
  return help.map(([, name = '', text, type]) => {
    const suffix = type === 'histogram' ? '_count' : ''
    const labels = new RegExp(`^${name}${suffix}\\{(.*)\\}`, 'm').exec(exposition)?.[1] ?? ''
    const names = [...labels.matchAll(/(\w+)="/g)].map(([, label]) => `\`${label}\``)
    return `| \`${name}\` | ${type} | ${names.join(', ')} | ${text} |`
  })
}

describe('docs/metrics.md', () => {
  it('lists every metric there is, and no other', () => {
    const counters = createCounters()
    counters.assign(['orders'], ['acme'])
    const text = createNodeMetrics().scrape([{ pid: 1, counters: counters.snapshot() }], {
      workersWanted: 1,
      workersServing: 1,
      configRefused: false,
      logLinesDropped: 0,
      certificates: [{ listener: 0, index: 0, notAfterMs: 1 }],
      keySets: [{ issuerId: 'acme', status: 'fresh', ageMs: 1 }],
    })
    const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8')
    expect(page.split('\n').filter((line) => line.startsWith('| `'))).toEqual(rows(text))
  })
})
