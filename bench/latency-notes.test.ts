import { expect, it } from 'vitest'
import { latencyNotes } from './latency-notes.ts'

const latency = { p50Ms: 1, p99Ms: 2, p999Ms: 3, maxMs: 4, lagP99Ms: 0.5, lagP999Ms: 3.1 }

it('a latency that is missing is explained, for either side', () => {
  expect(latencyNotes(new Map([['jotgate', latency]]))).toEqual([])
  expect(
    latencyNotes(
      new Map([
        ['jotgate', { ...latency, p999Ms: undefined }],
        ['haproxy', undefined],
      ]),
    ),
  ).toEqual([
    'no p99.9 of jotgate: the load generator was 3.1 ms late',
    'no latency of haproxy: the load generator did not keep up with the rate',
  ])
  expect(latencyNotes(new Map([['haproxy', new Error('3 answers were not 200')]]))).toEqual([
    'no latency of haproxy: 3 answers were not 200',
  ])
})
