import { afterEach, describe, expect, it } from 'vitest'
import { startFleet } from './worker-fleet.ts'

const { execPath } = process

afterEach(() => {
  process.execPath = execPath
})

describe('S22 the slot of a worker', () => {
  it('that cannot be forked is filled again later, and nothing comes down', async () => {
    process.execPath = '/nonexistent/node'
    const died: unknown[] = []
    const fleet = startFleet({
      workers: 1,
      entry: '/nonexistent/worker.js',
      forWorker: () => ({}) as never, // never read: nothing starts
      log: {
        info: () => undefined,
        warn: () => undefined,
        error: (event, fields) => died.push([event, fields?.code ?? fields?.signal]),
      },
    })
    await expect.poll(() => died.length, { timeout: 20_000 }).toBeGreaterThan(1)
    expect(died[0]).toEqual(['worker_died', 'ENOENT'])
    fleet.kill()
  })
})
