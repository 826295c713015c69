import { expect, it } from 'vitest'
import { judgeFault } from './judge-fault.ts'

it.each([
  {
    fault: 'the cache hit rate was 0 %',
    wanted: /hit rate/,
    isRight: true,
    said: 'flagged: the cache hit rate was 0 %',
  },
  { fault: undefined, wanted: /hit rate/, isRight: false, said: 'NOT FLAGGED' },
  { fault: '3 answers were not 200', wanted: /hit rate/, isRight: false, said: 'FLAGGED FOR SOMETHING ELSE' },
  { fault: undefined, wanted: undefined, isRight: true, said: 'not flagged' },
  { fault: 'the load core was idle only 2 %', wanted: undefined, isRight: false, said: 'though honest' },
])('$fault where $wanted is wanted: $said', ({ fault, wanted, isRight, said }) => {
  const judged = judgeFault(fault, wanted)
  expect(judged.isRight).toBe(isRight)
  expect(judged.said).toContain(said)
})
