import { expect, it } from 'vitest'
import { connectionsForFiles, readProcessLimits } from './files-max.ts'

const page = (soft: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft}                  4096                 files\n`

it('a connection leaves room for another one to its upstream, and for the files of the process itself', () => {
  expect(connectionsForFiles(page('256'))).toBe(96)
  expect(connectionsForFiles(page('1048576'))).toBe(524_256)
  expect(connectionsForFiles(page('10'))).toBe(1)
})

it('where the system does not say, or has no limit, configuration alone bounds', () => {
  expect([connectionsForFiles(''), connectionsForFiles(page('unlimited'))]).toEqual([
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ])
})

it.runIf(process.platform === 'linux')('reads what Linux says of this process', () => {
  expect(connectionsForFiles(readProcessLimits())).toBeGreaterThan(1)
})
