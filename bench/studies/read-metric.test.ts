import { expect, it } from 'vitest'
import { readMetric } from './read-metric.ts'

const text = `# TYPE jotgate_verifications_total counter
jotgate_verifications_total{issuer="a",result="valid"} 3
jotgate_verifications_total{issuer="b",result="valid"} 4
jotgate_verifications_total_more 90
jotgate_token_cache_hits_total 17
`

it('a metric is read by its whole name', () => {
  expect(readMetric(text, 'jotgate_token_cache_hits_total')).toBe(17)
})

it('and summed over its labels', () => {
  expect(readMetric(text, 'jotgate_verifications_total')).toBe(7)
})

it('one that is not there is no number', () => {
  expect(readMetric(text, 'jotgate_absent')).toBeNaN()
})
