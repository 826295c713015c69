import { expect, it } from 'vitest'
import { headerNames } from '../../src/domain/header-name.ts'
import type { TunnelUser } from '../../src/proxy/exchange.ts'
import { forward } from '../../src/proxy/forward.ts'
import { acceptFor } from '../../src/proxy/head/websocket-handshake.ts'
import type { UpstreamHead } from '../../src/proxy/steps/shape-upstream.ts'
import type { Handshake } from '../../src/proxy/upstream/forward-outcome.ts'
import { fakeExchange } from '../upstream/fake-exchange.ts'
import { clockedPools, closeAfterEach, closing, sendOn, targetOf, upstreamPlan } from '../upstream/loopback-pools.ts'
import { rawUpstream } from '../upstream/raw-upstream.ts'

// A WebSocket takes no connection that served before; those that idle stood for all there may be.

closeAfterEach()

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const hello = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
const agreed = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n\r\n`
const head: UpstreamHead = {
  method: 'GET',
  target: '/',
  authority: undefined,
  headers: `Sec-WebSocket-Key: ${key}\r\n`,
  heldFromTrailers: headerNames([]),
}
const deaf: TunnelUser = {
  data: () => undefined,
  drained: () => undefined,
  ended: () => undefined,
  gone: () => undefined,
}

function upstreamThat(holds: Set<() => void>): ReturnType<typeof rawUpstream> {
  return rawUpstream((socket, received) => {
    const { text } = received
    received.text = ''
    if (text.includes('Upgrade: websocket')) socket.write(agreed)
    else if (text.startsWith('GET /held')) holds.add(() => socket.write(hello))
    else socket.write(hello)
  })
}

/** Asks for a WebSocket; whether it was opened, or why not. */
function openOn(on: ReturnType<typeof clockedPools>, plan: ReturnType<typeof upstreamPlan>): Promise<string> {
  return new Promise((resolve) => {
    const open: Handshake['open'] = () => {
      resolve('opened')
      return deaf
    }
    forward(
      fakeExchange().exchange,
      head,
      plan,
      on,
      (_status, rawHeaders) => [...rawHeaders],
      (outcome) => resolve(outcome.ok ? String(outcome.status) : JSON.stringify(outcome.reject)),
      { key, open },
    )
  })
}

it('a WebSocket takes the place of a connection that only idles', async () => {
  const upstream = closing(await upstreamThat(new Set()))
  const on = clockedPools()
  const plan = upstreamPlan([targetOf(upstream.port)], { connectionsMax: 1 })
  expect(await sendOn(on, plan).outcome).toMatchObject({ ok: true })
  expect(on.pick(plan).idleConnections).toBe(1)
  const asked = openOn(on, plan)
  setTimeout(() => on.pass(1001), 1_000)
  expect(await asked).toBe('opened')
  expect(on.pick(plan).connections).toBe(1)
})

it('and of one that comes free while it waits', async () => {
  const holds = new Set<() => void>()
  const upstream = closing(await upstreamThat(holds))
  const on = clockedPools()
  const plan = upstreamPlan([targetOf(upstream.port)], { connectionsMax: 1 })
  const held = sendOn(on, plan, {}, { target: '/held' })
  await expect.poll(() => holds.size).toBe(1)
  const asked = openOn(on, plan)
  for (const answer of holds) answer()
  expect(await held.outcome).toMatchObject({ ok: true })
  setTimeout(() => on.pass(1001), 1_000)
  expect(await asked).toBe('opened')
})
