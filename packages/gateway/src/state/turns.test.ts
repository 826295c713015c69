import { setImmediate as settled } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createTurns } from './turns.ts'

function setUp(runningMax: number) {
  const timers = new Set<() => void>()
  const turns = createTurns(runningMax, (run) => {
    timers.add(run)
    return () => timers.delete(run)
  })
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const start = (name: string, id: string): Promise<string | undefined> =>
    turns.run(name, 1000, () => {
      begun.push(id)
      return new Promise((resolve) => ends.set(id, () => resolve(id)))
    })
  return { turns, start, begun, ends, timers }
}

describe('turns', () => {
  it('tasks of one name wait for each other in order; those of another name wait for none of them', async () => {
    const { start, begun, ends, timers } = setUp(2)
    for (const id of ['1', '2', '3', '4']) void start('a', id)
    void start('b', '5')
    await settled()
    expect(begun).toEqual(['1', '2', '5'])
    for (const id of ['2', '1']) {
      ends.get(id)?.()
      await settled()
    }
    expect(begun).toEqual(['1', '2', '5', '3', '4'])
    expect(timers.size).toBe(0)
  })

  it('a task whose turn does not come in time never runs, and leaves its place to the next', async () => {
    const { start, begun, ends, timers } = setUp(1)
    void start('a', '1')
    const late = start('a', '2')
    for (const ring of timers) ring()
    expect(await late).toBeUndefined()
    timers.clear()
    void start('a', '3')
    ends.get('1')?.()
    await settled()
    expect(begun).toEqual(['1', '3'])
  })

  it('a task that fails ends its turn like any other', async () => {
    const { turns } = setUp(1)
    for (let count = 0; count < 3; count++) {
      await expect(turns.run('a', 1000, () => Promise.reject(new Error('x')))).rejects.toThrow('x')
    }
    expect(await turns.run('a', 1000, () => Promise.resolve('ran'))).toBe('ran')
  })
})
