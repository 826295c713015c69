import { describe, expect, it, vi } from 'vitest'
import {
  clockedPools,
  closeAfterEach,
  closing,
  sendOn,
  targetOf,
  upstreamPlan,
} from '../../../test/upstream/loopback-pools.ts'
import { type RawUpstream, rawUpstream, scripted } from '../../../test/upstream/raw-upstream.ts'

closeAfterEach()

const hello = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

/** An upstream that holds its answers back until told, and from then on no more. */
async function holding(): Promise<RawUpstream & { readonly release: () => void }> {
  const waiting: (() => void)[] = []
  let released = false
  const upstream = await rawUpstream((socket, received) => {
    received.text = ''
    if (released) socket.write(hello)
    else waiting.push(() => socket.write(hello))
  })
  const release = (): void => {
    released = true
    for (const answer of waiting.splice(0)) answer()
  }
  return closing(Object.assign(upstream, { release }))
}

describe('requests are spread over targets', () => {
  it('leastConnections sends nothing more to a target that is slow to answer', async () => {
    const slow = await holding()
    const fast = closing(await scripted(hello))
    const on = clockedPools()
    const plan = upstreamPlan([targetOf(slow.port), targetOf(fast.port)])
    const first = [sendOn(on, plan), sendOn(on, plan)]
    await first[1]?.outcome
    for (let i = 0; i < 20; i++) expect(await sendOn(on, plan).outcome).toMatchObject({ ok: true })
    expect(slow.sockets.length).toBe(1)
    slow.release()
    expect(await first[0]?.outcome).toMatchObject({ ok: true })
    const after = [await sendOn(on, plan).outcome, await sendOn(on, plan).outcome].map(({ target }) => target)
    expect(new Set(after).size).toBe(2)
  })

  it('roundRobin goes on in turn whoever is slow', async () => {
    const slow = await holding()
    const fast = closing(await scripted(hello))
    const on = clockedPools()
    const plan = upstreamPlan([targetOf(slow.port), targetOf(fast.port)], { balance: 'roundRobin' })
    const sent = Array.from({ length: 8 }, () => sendOn(on, plan))
    await vi.waitFor(() => expect(slow.sockets.length).toBe(4))
    slow.release()
    const targets = await Promise.all(sent.map(async ({ outcome }) => (await outcome).target))
    expect(targets.filter((target) => target.endsWith(`:${slow.port}`)).length).toBe(4)
  })

  it('requestsMax bounds what a target has in flight, waitingMax what waits for it', async () => {
    const slow = await holding()
    const on = clockedPools()
    const plan = upstreamPlan([targetOf(slow.port)], { requestsMax: 2, waitingMax: 1 })
    const sent = [sendOn(on, plan), sendOn(on, plan), sendOn(on, plan)]
    expect(await sendOn(on, plan).outcome).toMatchObject({
      reject: { reason: 'upstream_refused', fault: 'no connection free' },
    })
    await vi.waitFor(() => expect(slow.sockets.length).toBe(2))
    slow.release()
    expect(await sent[2]?.outcome).toMatchObject({ ok: true, reused: true })
    expect(slow.sockets.length).toBe(2)
  })
})

describe('S14: passive health', () => {
  it.each([
    ['answers that are no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['answers with both framings', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok'],
    ['connections that break off', undefined],
  ])('passes over a target after three %s, and takes it back when it answers', async (_name, bytes) => {
    let broken = true
    const bad = closing(
      await rawUpstream((socket, received) => {
        received.text = ''
        if (!broken) socket.write(hello)
        else if (bytes === undefined) socket.resetAndDestroy()
        else socket.write(bytes)
      }),
    )
    const good = closing(await scripted(hello))
    const on = clockedPools()
    const plan = upstreamPlan([targetOf(bad.port), targetOf(good.port)], { balance: 'roundRobin' })
    const failed = async (requests: number): Promise<number> => {
      let count = 0
      for (let i = 0; i < requests; i++) if (!(await sendOn(on, plan).outcome).ok) count++
      return count
    }
    expect(await failed(12)).toBe(3)
    expect(on.events).toMatchObject([
      { rule: 'apis.a.upstream', target: `127.0.0.1:${bad.port}`, ejected: { forMs: 500 } },
    ])
    expect(on.ejected()).toBe(1)
    on.pass(501)
    expect(await failed(12)).toBe(1)
    expect(on.events.at(-1)).toMatchObject({ ejected: { forMs: 1000 } })
    broken = false
    on.pass(1001)
    expect(await failed(12)).toBe(0)
    expect(on.events.length).toBe(3)
    expect(on.events.at(-1)?.ejected).toBeUndefined()
    expect(on.counters).toMatchObject({ ejected: 2, returned: 1 })
  })

  it('passes over a target that answers too late three times', async () => {
    const stuck = closing(await rawUpstream(() => undefined))
    const good = closing(await scripted(hello))
    const on = clockedPools()
    const plan = upstreamPlan([targetOf(stuck.port), targetOf(good.port)], { balance: 'roundRobin' })
    const sent = Array.from({ length: 6 }, () => sendOn(on, plan))
    await vi.waitFor(() => expect(stuck.sockets.length).toBe(3))
    await vi.waitFor(() => expect(on.counters.opened).toBe(6))
    on.pass(5001)
    const outcomes = await Promise.all(sent.map(({ outcome }) => outcome))
    expect(outcomes.filter(({ ok }) => !ok)).toMatchObject(
      Array.from({ length: 3 }, () => ({ reject: { reason: 'upstream_timeout' } })),
    )
    expect(on.events).toMatchObject([{ ejected: { forMs: 500, fault: 'timeout' } }])
  })

  it("does not count an answer's status, nor callers that leave", async () => {
    const sad = closing(await scripted(hello.replace('200 OK', '502 Bad Gateway')))
    const stuck = closing(await rawUpstream(() => undefined))
    const on = clockedPools()
    const plan = upstreamPlan([targetOf(sad.port), targetOf(stuck.port)], {
      balance: 'roundRobin',
      health: { failures: 1, ejectMs: 500, ejectMsMax: 500 },
    })
    for (let i = 0; i < 3; i++) {
      expect(await sendOn(on, plan).outcome).toMatchObject({ ok: true, status: 502 })
      const left = sendOn(on, plan)
      await vi.waitFor(() => expect(stuck.sockets.length).toBe(i + 1))
      left.leave()
      await left.outcome
    }
    expect(on.events).toEqual([])
  })

  it('never passes over the last one, also when all fail', async () => {
    const bad = closing(await scripted('no HTTP at all\r\n\r\n'))
    const on = clockedPools()
    const alone = upstreamPlan([targetOf(bad.port)])
    for (let i = 0; i < 10; i++) await sendOn(on, alone).outcome
    expect(on.events).toEqual([])
    const worse = closing(await scripted('nor here\r\n\r\n'))
    const both = upstreamPlan([targetOf(bad.port), targetOf(worse.port)], { id: 'b' })
    const seen = new Set<string>()
    for (let i = 0; i < 10; i++) seen.add((await sendOn(on, both).outcome).target)
    expect(on.events.length).toBe(1)
    expect(seen.size).toBe(2)
  })
})
