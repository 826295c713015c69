import { expect, it } from 'vitest'
import { headerNames } from '../../src/domain/header-name.ts'
import { forward } from '../../src/proxy/forward.ts'
import { createUpstreamCounters, type Pools } from '../../src/proxy/upstream/pools.ts'
import { apiOf } from '../fixtures/compiled-plans.ts'
import { openListener } from '../support/open-listener.ts'
import { openWire } from '../support/wire-caller.ts'
import { fakeExchange } from '../upstream/fake-exchange.ts'

it('whoever asks after the caller has gone is told at once', async () => {
  const listener = await openListener()
  const wire = await openWire(listener.port)
  wire.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const { reply } = await listener.exchange(0)
  wire.destroy()
  await expect.poll(async () => (await listener.load()).requests).toBe(0)
  let gone = false
  reply.onGone(() => {
    gone = true
  })
  expect(gone).toBe(true)
  await listener.drain(1000)
})

it('a request whose caller went while it was judged is not sent on', async () => {
  const fake = fakeExchange()
  const exchange = { ...fake.exchange, reply: { ...fake.exchange.reply, onGone: (gone: () => void) => gone() } }
  const untouched: Pools = {
    nowMs: () => 0,
    counters: createUpstreamCounters(),
    pick: () => {
      throw new Error('a connection was asked for')
    },
    retain: () => undefined,
    connections: () => 0,
    ejected: () => 0,
    close: () => undefined,
  }
  const head = { method: 'GET', target: '/', authority: undefined, headers: '', heldFromTrailers: headerNames([]) }
  const outcomes: unknown[] = []
  const shaped = (): string[] => []
  forward(exchange, head, apiOf([]).plan.upstream, untouched, shaped, (outcome) => outcomes.push(outcome))
  expect(outcomes).toMatchObject([{ ok: false, answered: false, reject: { reason: 'caller_gone' } }])
})
