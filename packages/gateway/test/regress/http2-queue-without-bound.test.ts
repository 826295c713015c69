import type { ServerHttp2Stream } from 'node:http2'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { clockedPools, closeAfterEach, closing, sendOn, targetOf, upstreamPlan } from '../upstream/loopback-pools.ts'

// As long as a further session could be opened, `waitingMax` held nobody back, though `requestsMax` let nobody on.

closeAfterEach()

async function holdingUpstream(): Promise<{ readonly port: number; readonly held: ServerHttp2Stream[] }> {
  const held: ServerHttp2Stream[] = []
  const server = createServer()
  server.on('session', (session) => closing({ close: () => session.destroy() }))
  server.on('stream', (stream) => {
    stream.on('error', () => undefined)
    held.push(stream)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing({ close: () => server.close() })
  return { port: (server.address() as AddressInfo).port, held }
}

const full = { reject: { reason: 'upstream_refused', fault: 'no connection free' } }

it('no more than waitingMax wait for an HTTP/2 target that has requestsMax in flight', async () => {
  const { port, held } = await holdingUpstream()
  const on = clockedPools()
  const plan = upstreamPlan([targetOf(port, 'h2c')], { requestsMax: 1, waitingMax: 1 })
  const first = sendOn(on, plan)
  await expect.poll(() => held.length).toBe(1)
  const second = sendOn(on, plan)
  const third = sendOn(on, plan)
  setTimeout(() => third.leave(), 500)
  expect(await third.outcome).toMatchObject(full)
  held[0]?.respond({}, { endStream: true })
  await expect.poll(() => held.length).toBe(2)
  held[1]?.respond({}, { endStream: true })
  expect(await first.outcome).toMatchObject({ ok: true })
  expect(await second.outcome).toMatchObject({ ok: true })
})

it('nor while its first session is on its way', async () => {
  const { port, held } = await holdingUpstream()
  const on = clockedPools()
  const plan = upstreamPlan([targetOf(port, 'h2c')], { requestsMax: 2, waitingMax: 1 })
  const sent = Array.from({ length: 4 }, () => sendOn(on, plan))
  setTimeout(() => sent[3]?.leave(), 500)
  expect(await sent[3]?.outcome).toMatchObject(full)
  await expect.poll(() => held.length).toBe(2)
  for (const stream of held.splice(0)) stream.respond({}, { endStream: true })
  await expect.poll(() => held.length).toBe(1)
  held[0]?.respond({}, { endStream: true })
  for (const one of sent.slice(0, 3)) expect(await one.outcome).toMatchObject({ ok: true })
})

it('a request that waits for a session when its target leaves the configuration is still served', async () => {
  const { port, held } = await holdingUpstream()
  const on = clockedPools()
  const plan = upstreamPlan([targetOf(port, 'h2c')])
  const sent = sendOn(on, plan)
  const pool = on.pick(plan)
  on.retain([])
  await expect.poll(() => held.length).toBe(1)
  held[0]?.respond({}, { endStream: true })
  expect(await sent.outcome).toMatchObject({ ok: true })
  await expect.poll(() => pool.isEmpty).toBe(true)
})
