import { expect, it } from 'vitest'
import { coresFault } from './cores-fault.ts'

const busy = { idle: 0.02, steal: 0 }
const free = { idle: 0.3, steal: 0 }

it('a load core that is used up may be the limit, unless the side uses up its own', () => {
  expect(coresFault({ gateway: free, load: free, usedShare: 0.7 })).toBeUndefined()
  expect(coresFault({ gateway: free, load: busy, usedShare: 0.7 })).toBe('the load core was idle only 2 %')
  expect(coresFault({ gateway: busy, load: busy, usedShare: 0.96 })).toBeUndefined()
})

it('somebody else on the core of the side is no excuse', () => {
  expect(coresFault({ gateway: busy, load: busy, usedShare: 0.6 })).toContain('the load core was idle only')
})

it('what the host took the side could not use, and is a fault from a fiftieth on', () => {
  expect(coresFault({ gateway: { idle: 0, steal: 0.02 }, load: busy, usedShare: 0.935 })).toBeUndefined()
  expect(coresFault({ gateway: { idle: 0, steal: 0.03 }, load: free, usedShare: 0.7 })).toContain('the host took')
  expect(coresFault({ gateway: free, load: { idle: 0.3, steal: 0.03 }, usedShare: 0.7 })).toContain('the host took')
})
