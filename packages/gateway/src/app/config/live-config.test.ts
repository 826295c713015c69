import { describe, expect, it } from 'vitest'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Rollout } from '../control/rollout.ts'
import type { LocatedProblem } from './config-source.ts'
import { type AcceptedConfig, createLiveConfig } from './live-config.ts'
import type { LoadedConfig } from './load-config.ts'

const problem: LocatedProblem = { file: 'f', path: 'apis', code: 'c', message: 'm', severity: 'error' }

function world() {
  const logged: string[] = []
  const configured: unknown[] = []
  const accepted: AcceptedConfig[] = []
  let read: Result<LoadedConfig, readonly LocatedProblem[]> = err([problem])
  let refusal: string | undefined
  let generation = 0
  const rollout = {
    offer: async (_objects: unknown, beforeSwitch: () => void) => {
      if (refusal !== undefined) return err(refusal)
      beforeSwitch()
      generation += 1
      return ok(generation)
    },
    generation: () => generation,
  } as unknown as Rollout // what a reload asks of it
  const write = (event: string): void => void logged.push(event)
  const live = createLiveConfig({
    file: 'f',
    read: async () => read,
    rollout,
    beforeSwitch: (compiled) => configured.push(compiled),
    onAccepted: (config) => accepted.push(config),
    log: { info: write, warn: write, error: write },
    nowMs: () => 7,
  })
  const good = (files: readonly string[]): Result<LoadedConfig, never> =>
    ok({ compiled: { objects: [] }, document: {}, warnings: [], files } as unknown as LoadedConfig) // opaque here
  return {
    live,
    logged,
    configured,
    accepted,
    reads: (next: typeof read) => {
      read = next
    },
    good,
    workersRefuse: (reason: string) => {
      refusal = reason
    },
  }
}

describe('S21 a reload', () => {
  it('that is invalid changes nothing, says why, and is forgotten once a valid one came', async () => {
    const { live, reads, good, configured, accepted, logged } = world()
    reads(good(['a']))
    expect(await live.load()).toEqual([])
    const before = live.current()
    reads(err([problem]))
    expect(await live.load()).toEqual([problem])
    expect(live.current()).toBe(before)
    expect(live.refused()).toEqual({ atMs: 7, problems: [problem] })
    expect(configured).toHaveLength(1)
    expect(accepted).toHaveLength(1)
    expect(logged).toContain('config_problem')
    reads(good(['b']))
    await live.load()
    expect(live.refused()).toBeUndefined()
    expect(live.current()?.files).toEqual(['b'])
  })

  it('that a worker refuses leaves the sources of keys as they were', async () => {
    const { live, reads, good, configured, workersRefuse } = world()
    reads(good([]))
    workersRefuse('worker 1 refused')
    expect(await live.load()).toMatchObject([{ code: 'worker_refused', message: 'worker 1 refused' }])
    expect(configured).toEqual([])
    expect(live.current()).toBeUndefined()
  })
})
