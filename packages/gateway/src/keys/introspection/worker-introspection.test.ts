import { setImmediate as settled } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { IntrospectionAnswer } from './introspection-answer.ts'
import { createWorkerIntrospection, type WorkerIntrospection } from './worker-introspection.ts'

interface World {
  readonly worker: WorkerIntrospection
  readonly asked: string[]
  readonly timers: Set<() => void>
  nowMs: number
  control: (issuerId: string, token: string) => Promise<unknown>
}

function makeWorld(control: World['control']): World {
  const world: World = {
    worker: createWorkerIntrospection({
      ask: (issuerId, token) => {
        world.asked.push(`${issuerId} ${token}`)
        return world.control(issuerId, token)
      },
      nowMs: () => world.nowMs,
      setTimer: (run) => {
        world.timers.add(run)
        return () => world.timers.delete(run)
      },
      hashKey: Buffer.alloc(32, 9),
    }),
    asked: [],
    timers: new Set(),
    nowMs: 1_800_000_000_000,
    control,
  }
  return world
}

const active = (untilMs = 1_800_000_060_000): Promise<unknown> =>
  Promise.resolve(
    JSON.parse(`{"state":"active","claims":{"active":true,"sub":"x","__proto__":{"a":1}},"untilMs":${untilMs}}`),
  )
const isAway = (): Promise<unknown> => Promise.reject(new Error('closed'))
const stateOf = async (answer: Promise<IntrospectionAnswer>): Promise<string> => (await answer).state

describe('introspection in a worker', () => {
  it('control is asked once; its answer serves until its time and not a millisecond longer', async () => {
    const world = makeWorld(() => active())
    expect(world.worker.peek('idp', 't')).toBeUndefined()
    expect(await stateOf(world.worker.ask('idp', 't', 100))).toBe('active')
    world.nowMs = 1_800_000_059_999
    expect(world.worker.peek('idp', 't')?.state).toBe('active')
    expect(await stateOf(world.worker.ask('idp', 't', 100))).toBe('active')
    expect(world.asked).toEqual(['idp t'])
    world.nowMs += 1
    expect(world.worker.peek('idp', 't')).toBeUndefined()
    await world.worker.ask('idp', 't', 100)
    expect(world.asked).toHaveLength(2)
  })

  it('claims that crossed the channel have no prototype and are frozen', async () => {
    const answer = await makeWorld(() => active()).worker.ask('idp', 't', 100)
    if (answer.state !== 'active') return expect.fail(answer.state)
    expect(Object.getPrototypeOf(answer.claims)).toBeNull()
    expect(answer.claims.a).toBeUndefined()
    expect(Object.isFrozen(answer.claims)).toBe(true)
  })

  it('while control is away known answers hold and the others are unavailable, and nothing of that is remembered', async () => {
    const world = makeWorld(() => active())
    await world.worker.ask('idp', 'known', 100)
    world.control = isAway
    expect(await stateOf(world.worker.ask('idp', 'known', 100))).toBe('active')
    expect(await world.worker.ask('idp', 'new', 100)).toEqual({
      state: 'unavailable',
      fault: 'the control process is away',
      answered: false,
    })
    world.control = () => active()
    expect(await stateOf(world.worker.ask('idp', 'new', 100))).toBe('active')
  })

  it('a control that does not answer is waited for within the limit; its late answer serves the next request', async () => {
    let release = (_: unknown): void => {}
    const world = makeWorld(() => new Promise((resolve) => (release = resolve)))
    const answers = [world.worker.ask('idp', 't', 100), world.worker.ask('idp', 't', 100)]
    expect(world.asked).toHaveLength(1)
    for (const run of world.timers) run()
    expect(await Promise.all(answers.map(stateOf))).toEqual(['unavailable', 'unavailable'])
    release(await active())
    await expect.poll(() => world.worker.peek('idp', 't')?.state).toBe('active')
    expect(world.timers.size).toBe(0)
  })

  it('at most 1024 questions are open; more are unavailable at once', async () => {
    const world = makeWorld(() => new Promise(() => {}))
    for (let count = 0; count < 1024; count++) void world.worker.ask('idp', `t${count}`, 100)
    expect(await stateOf(world.worker.ask('idp', 'one more', 100))).toBe('unavailable')
    expect(world.asked).toHaveLength(1024)
    for (const run of world.timers) run()
    await settled()
    void world.worker.ask('idp', 'after those were given up', 100)
    expect(world.asked).toHaveLength(1025)
  })

  it('an inactive answer is kept for its time; another issuer’s never serves', async () => {
    const world = makeWorld(async () => ({ state: 'inactive', untilMs: 1_800_000_001_000 }))
    expect(await stateOf(world.worker.ask('idp', 't', 100))).toBe('inactive')
    expect(world.worker.peek('idp', 't')?.state).toBe('inactive')
    expect(world.worker.peek('other', 't')).toBeUndefined()
  })

  it('forgetting an issuer drops what was answered and what is being answered', async () => {
    const world = makeWorld(() => active())
    await world.worker.ask('idp', 'old', 100)
    await world.worker.ask('other', 'old', 100)
    let release = (_: unknown): void => {}
    world.control = () => new Promise((resolve) => (release = resolve))
    const before = world.worker.ask('idp', 'running', 100)
    world.worker.forget('idp')
    release(await active())
    await before
    expect(world.worker.peek('idp', 'old')).toBeUndefined()
    expect(world.worker.peek('idp', 'running')).toBeUndefined()
    expect(world.worker.peek('other', 'old')?.state).toBe('active')
  })

  it.each([
    null,
    1,
    'active',
    {},
    { state: 'active' },
    { state: 'active', untilMs: 9e15 },
    { state: 'active', claims: [], untilMs: 9e15 },
    { state: 'inactive' },
    { state: 'maybe' },
  ])('an answer of another shape is no answer: %j', async (wire) => {
    const world = makeWorld(async () => wire)
    expect(await stateOf(world.worker.ask('idp', 't', 100))).toBe('unavailable')
    expect(world.worker.peek('idp', 't')).toBeUndefined()
  })

  it('memory is bounded: after 12,000 tokens the newest is known and the oldest is not', async () => {
    const world = makeWorld(() => active())
    for (let count = 0; count < 12_000; count++) await world.worker.ask('idp', `t${count}`, 100)
    expect(world.worker.peek('idp', 't0')).toBeUndefined()
    expect(world.worker.peek('idp', 't11999')?.state).toBe('active')
  })
})
