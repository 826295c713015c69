import { expect, it } from 'vitest'
import { withCleanup } from './with-cleanup.ts'

it.each([
  { how: 'comes to an end', end: () => 'done' },
  {
    how: 'fails',
    end: () => {
      throw new Error('no')
    },
  },
])('what was started is ended, the last first, when the run $how', async ({ end }) => {
  const ended: string[] = []
  const run = withCleanup(async (atEnd) => {
    atEnd(() => Promise.resolve().then(() => ended.push('upstream')))
    atEnd(() => ended.push('gateway'))
    return end()
  })
  await run.catch(() => undefined)
  expect(ended).toEqual(['gateway', 'upstream'])
})
