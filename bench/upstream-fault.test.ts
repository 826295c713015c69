import { describe, expect, it } from 'vitest'
import { upstreamFault } from './upstream-fault.ts'

const served = { expectedStatus: 200 } as const
const refused = { expectedStatus: 401 } as const

describe('what reached the upstream', () => {
  it('is what was answered, but for what was under way', () => {
    expect(upstreamFault(10_040, { requests: 10_000 }, served, 32)).toBeUndefined()
    expect(upstreamFault(10_100, { requests: 10_000 }, served, 32)).toContain('10100 requests reached the upstream')
    expect(upstreamFault(9_000, { requests: 10_000 }, served, 32)).toContain('not 10000')
  })

  it('is nothing where all are refused', () => {
    expect(upstreamFault(0, { requests: 10_000 }, refused, 32)).toBeUndefined()
    expect(upstreamFault(1, { requests: 10_000 }, refused, 32)).toContain('1 requests reached the upstream, not 0')
  })
})
