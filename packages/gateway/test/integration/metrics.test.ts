import { Agent, createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { generateKey, signToken } from '@jotgate/signer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanUp, type GatewayProcess, send, startGateway, until } from './gateway-process.ts'

let upstream: Server
let gateway: GatewayProcess
let token: string
const held: ServerResponse[] = []

beforeAll(async () => {
  upstream = createServer((request, response) => {
    if (request.url?.endsWith('/held')) held.push(response)
    else response.end('upstream')
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const key = await generateKey('ES256')
  if (key.kind !== 'pair') throw new Error('not a pair')
  const exp = Math.floor(Date.now() / 1000) + 600
  token = await signToken({ iss: 'https://issuer.test', aud: 'https://api.test', sub: 'somebody', exp }, key.privateJwk)
  const targets = [`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`]
  gateway = await startGateway({
    config: {
      version: 1,
      issuers: {
        own: {
          issuer: 'https://issuer.test',
          keys: { jwks: { keys: [key.publicJwk] } },
          audiences: ['https://api.test'],
        },
      },
      apis: {
        open: { listen: { path: '/open' }, upstream: { targets }, access: 'public' },
        closed: { listen: { path: '/closed' }, upstream: { targets }, access: { issuers: ['own'] } },
      },
    },
  })
})
afterAll(async () => {
  await cleanUp()
  upstream.close()
  upstream.closeAllConnections()
})

async function read(name: string): Promise<number> {
  const { body } = await send(`${gateway.adminUrl}/metrics`, {
    headers: { Authorization: `Bearer ${gateway.adminToken}` },
  })
  const found = new RegExp(`^jotgate_${name} (\\S+)$`, 'm').exec(body)?.[1]
  if (found === undefined) throw new Error(`no metric ${name}`)
  return Number(found)
}

describe('the metrics of a live gateway', () => {
  it('count what is open and going on, on both sides, over all workers', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 12 })
    const inFlight = Array.from({ length: 12 }, () => send(`${gateway.url}/open/held`, { agent }))
    await until(() => held.length === 12)
    expect(await read('requests_in_flight')).toBe(12)
    expect(await read('caller_connections')).toBe(12)
    expect(await read('upstream_connections')).toBe(12)
    for (const response of held.splice(0)) response.end('at last')
    await Promise.all(inFlight)
    await until(async () => (await read('requests_in_flight')) === 0)
    expect(await read('caller_connections')).toBe(12)
    agent.destroy()
    await until(async () => (await read('caller_connections')) === 0)
  })

  it('count a caller who left as no request in flight', async () => {
    const caller = connect(gateway.port, '127.0.0.1')
    caller.write('GET /open/held HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(() => held.length === 1)
    expect(await read('requests_in_flight')).toBe(1)
    caller.destroy()
    await until(async () => (await read('requests_in_flight')) === 0)
    held.splice(0)
  })

  it('count decisions kept, and tokens taken into the cache', async () => {
    const kept = await read('decisions_kept_total')
    for (let count = 0; count < 5; count += 1) expect((await send(`${gateway.url}/closed`)).status).toBe(401)
    expect(await read('decisions_kept_total')).toBe(kept + 5)
    const headers = { Authorization: `Bearer ${token}` }
    await until(async () => {
      expect((await send(`${gateway.url}/closed`, { headers })).status).toBe(200)
      return (await read('token_cache_admissions_total')) === 2
    })
    expect(await read('token_cache_entries')).toBe(2)
    expect(await read('token_cache_evictions_total')).toBe(0)
    expect(await read('log_lines_dropped_total')).toBe(0)
  })

  it('tell of an event loop that was held', async () => {
    await read('event_loop_delay_excess_milliseconds')
    const [worker] = (await gateway.status()).workers
    process.kill(worker?.pid ?? 0, 'SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 300))
    process.kill(worker?.pid ?? 0, 'SIGCONT')
    expect(await read('event_loop_delay_excess_milliseconds')).toBeGreaterThan(200)
  })
})
