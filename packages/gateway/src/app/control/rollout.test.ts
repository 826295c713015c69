import { describe, expect, it } from 'vitest'
import type { ConfigObject } from '../../compile/plan.ts'
import { err, ok } from '../../domain/result.ts'
import type { WorkerSide } from '../channel/messages.ts'
import type { Peer, RpcFault } from '../channel/rpc.ts'
import { createAssembly } from '../worker/assembly.ts'
import { createRollout, type RolloutWorker } from './rollout.ts'

function api(id: string, content: string): ConfigObject {
  // Plans travel as they are; a rollout looks at nothing but kind, id and hash.
  return { kind: 'api', id, hash: content, plan: { content } } as unknown as ConfigObject
}

function fakeWorker(number: number) {
  const assembly = createAssembly()
  const log: string[] = []
  const sent: string[] = []
  let refusal: string | undefined
  let fault: RpcFault | undefined
  let prepared: readonly ConfigObject[] = []
  let serving: readonly ConfigObject[] = []
  const calls: Record<string, (params: never) => unknown> = {
    missing: () => assembly.missing(),
    objects: ({ objects }: { objects: readonly ConfigObject[] }) => {
      sent.push(...objects.map(({ id }) => id))
      assembly.take(JSON.parse(JSON.stringify(objects)))
      return null
    },
    prepare: ({ generation }: { generation: number }) => {
      log.push(`prepare ${generation}`)
      prepared = assembly.objects() ?? []
      return refusal === undefined ? {} : { refused: refusal }
    },
    switch: ({ generation }: { generation: number }) => {
      log.push(`switch ${generation}`)
      serving = prepared
      assembly.keep()
      return null
    },
    held: ({ from }: { from: number }) => assembly.kept(from),
    heldKeys: () => [],
  }
  const peer = {
    call: async (name: string, params: never) => {
      await Promise.resolve()
      return fault === undefined ? ok(calls[name]?.(params)) : err(fault)
    },
    note: (_name: string, params: { first: boolean; entries: readonly (readonly [string, string])[] }) => {
      assembly.manifest(params.first, params.entries)
      return true
    },
    close: () => log.push('closed'),
    closed: Promise.resolve(),
  } as unknown as Peer<WorkerSide> // only the calls a rollout makes
  const worker: RolloutWorker = { number, pid: number, peer, generation: 0 }
  return {
    worker,
    log,
    sent,
    serving: () => serving.map(({ id, hash }) => `${id}=${hash}`),
    refuse: (reason: string | undefined) => {
      refusal = reason
    },
    fail: (reason: RpcFault | undefined) => {
      fault = reason
    },
  }
}

async function world() {
  const rollout = createRollout(0)
  const [one, two] = [fakeWorker(0), fakeWorker(1)]
  await rollout.join(one.worker)
  await rollout.join(two.worker)
  const offer = (...objects: ConfigObject[]) => rollout.offer(objects, () => undefined)
  return { rollout, one, two, offer }
}

describe('a generation is switched everywhere or nowhere', () => {
  it('no worker switches before all are ready', async () => {
    const { rollout, one, two } = await world()
    const order: string[] = []
    const result = await rollout.offer([api('a', '1')], () => order.push(...one.log, ...two.log))
    expect(result).toEqual(ok(1))
    expect(order).toEqual(['prepare 1', 'prepare 1'])
    expect([one.serving(), two.serving()]).toEqual([['a=1'], ['a=1']])
  })

  it('one worker that refuses leaves the old generation everywhere', async () => {
    const { rollout, one, two, offer } = await world()
    await offer(api('a', '1'))
    two.refuse('it does not fit')
    expect(await offer(api('a', '2'))).toEqual(err('worker 1 refused: it does not fit'))
    expect([one.serving(), two.serving()]).toEqual([['a=1'], ['a=1']])
    expect(rollout.generation()).toBe(1)
    two.refuse(undefined)
    expect(await offer(api('a', '3'))).toEqual(ok(3))
    expect([one.serving(), two.serving()]).toEqual([['a=3'], ['a=3']])
  })

  it('one worker that gives no answer leaves the old generation everywhere', async () => {
    const { one, two, offer } = await world()
    await offer(api('a', '1'))
    two.fail('timeout')
    expect(await offer(api('a', '2'))).toEqual(err('worker 1 gave no answer: timeout'))
    expect(one.serving()).toEqual(['a=1'])
  })

  it('a worker that ends meanwhile does not hold the others up', async () => {
    const { one, two, offer } = await world()
    two.fail('closed')
    expect(await offer(api('a', '1'))).toEqual(ok(1))
    expect(one.serving()).toEqual(['a=1'])
  })

  it('a worker that comes later is brought to the generation in force', async () => {
    const { rollout, offer } = await world()
    await offer(api('a', '1'), api('b', '1'))
    const late = fakeWorker(2)
    await rollout.join(late.worker)
    expect(late.serving()).toEqual(['a=1', 'b=1'])
    expect(late.worker.generation).toBe(1)
  })

  it('only what changed is sent, and the order is the configuration’s', async () => {
    const { one, offer } = await world()
    await offer(api('a', '1'), api('b', '1'), api('c', '1'))
    one.sent.length = 0
    await offer(api('c', '1'), api('b', '2'), api('d', '1'))
    expect(one.sent).toEqual(['b', 'd'])
    expect(one.serving()).toEqual(['c=1', 'b=2', 'd=1'])
  })

  it('many objects travel in slices', async () => {
    const { one, offer } = await world()
    const many = Array.from({ length: 1201 }, (_, index) => api(`api-${index}`, '1'))
    expect(await offer(...many)).toEqual(ok(1))
    expect(one.serving()).toHaveLength(1201)
  })

  it('a configuration that says the same is no new generation', async () => {
    const { one, offer } = await world()
    await offer(api('a', '1'))
    expect(await offer(api('a', '1'))).toEqual(ok(1))
    expect(one.log).toEqual(['prepare 1', 'switch 1'])
  })

  it('generations go on above those of an earlier control process', async () => {
    const rollout = createRollout(41)
    expect(await rollout.offer([api('a', '1')], () => undefined)).toEqual(ok(42))
  })

  it('a control process without a configuration takes over what a worker serves, and gives it to those without', async () => {
    const { one, offer } = await world()
    const many = Array.from({ length: 1201 }, (_, index) => api(`api-${index}`, '1'))
    await offer(...many)
    const adopted: unknown[] = []
    const next = createRollout(1, (what) => adopted.push(what))
    const fresh = fakeWorker(1)
    await next.join(fresh.worker)
    expect(fresh.log).toEqual([])
    await next.join(one.worker)
    expect(adopted).toEqual([{ worker: 0, generation: 1, objects: 1201, keySets: [] }])
    expect(fresh.serving()).toEqual(one.serving())
    expect(one.log).toEqual(['prepare 1', 'switch 1'])
    expect(await next.offer([api('a', '2')], () => undefined)).toEqual(ok(2))
  })
})
