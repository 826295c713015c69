import { config } from '@jotgate/contract'
import { expect, it } from 'vitest'
import { plainLimits } from '../../test/fixtures/limits.ts'
import { problemsOf } from '../../test/support/problems-of.ts'
import { compileLimits } from './compile-limits.ts'
import { problemList } from './problem-list.ts'

function compiled(limits: object) {
  const problems = problemList()
  const document = config.parse({ version: 1, apis: {}, gateway: { limits } })
  const plan = compileLimits(document.gateway.limits, problems)
  return { plan, warned: problems.all.map(({ path, code }) => `${path} ${code}`) }
}

it('the defaults are those of S15, and stricter limits need no warning', () => {
  expect(compiled({})).toEqual({ plan: plainLimits, warned: [] })
  expect(compiled({ headTimeout: '1s', bytesPerSecond: '64KiB', slowAfter: '2s' }).warned).toEqual([])
})

it('limits that let callers hold much with next to nothing are named', () => {
  expect(compiled({ headTimeout: '2m', slowAfter: '5m', bytesPerSecond: '10B' }).warned).toEqual([
    'gateway.limits.headTimeout slow_callers',
    'gateway.limits.slowAfter slow_callers',
    'gateway.limits.bytesPerSecond slow_callers',
  ])
})

it.each([{ connections: 0 }, { connectionsPerAddress: 0 }, { bytesPerSecond: '0B' }, { headTimeout: '0s' }])(
  'no limit can be switched off: %o',
  async (limits) => {
    const [key] = Object.keys(limits)
    const [problem] = await problemsOf({ version: 1, apis: {}, gateway: { limits } })
    expect(problem).toContain(`gateway.limits.${key}`)
  },
)
