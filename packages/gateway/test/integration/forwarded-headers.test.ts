import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type StrictRequest, type StrictUpstream, startStrictUpstream } from '../support/strict-upstream.ts'
import { openWire, type WireAnswer } from '../support/wire-caller.ts'
import { cleanUp, type GatewayProcess, send, startGateway } from './gateway-process.ts'

let gateway: GatewayProcess
let upstream: StrictUpstream
let relay: Server
/** How many connections the relay carried back to the gateway. */
let circles = 0

beforeAll(async () => {
  upstream = await startStrictUpstream()
  relay = createServer((inward) => {
    circles += 1
    const outward = connect(gateway.port, '127.0.0.1')
    inward.pipe(outward).pipe(inward)
    for (const socket of [inward, outward]) socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const { port } = relay.address() as AddressInfo
  const api = (path: string, forward: object = {}, target = upstream.url): object => ({
    listen: { path },
    upstream: { targets: [target] },
    access: 'public',
    forward,
  })
  gateway = await startGateway({
    workers: 2,
    config: {
      version: 1,
      gateway: { trustedProxies: ['127.0.0.1'], trustedProxyHeaders: 'rfc7239', forwarded: 'both' },
      apis: {
        plain: api('/plain'),
        quiet: api('/quiet', { forwarded: 'none' }),
        override: api('/override', { allowHeaders: ['X-HTTP-Method-Override', 'X-Real-IP'] }),
        circle: api('/circle', {}, `http://127.0.0.1:${port}`),
      },
    },
  })
})
afterAll(async () => {
  await cleanUp()
  relay.close()
  await upstream.close()
})

async function ask(
  target: string,
  lines: readonly string[] = [],
): Promise<{ answer: WireAnswer; reached: StrictRequest | undefined }> {
  const before = upstream.requests.length
  const caller = await openWire(gateway.port)
  caller.write([`GET ${target} HTTP/1.1`, 'Host: shop.example:8443', ...lines, '', ''].join('\r\n'))
  const answer = await caller.answer()
  caller.destroy()
  return { answer, reached: upstream.requests[before] }
}

/** All values of a header at the upstream, in order. */
function values(request: StrictRequest | undefined, name: string): readonly string[] {
  return (request?.headers ?? []).filter(([each]) => each.toLowerCase() === name).map(([, value]) => value)
}

describe('S14 Via', () => {
  it("names this installation behind the caller's own, alike in all workers, and not on answers", async () => {
    const seen = new Set<string>()
    for (let round = 0; round < 8; round++) {
      const { answer, reached } = await ask('/plain', ['Via: 1.0 fred, 1.1 jotgate-0123'])
      const [first, own = ''] = values(reached, 'via')
      expect(first).toBe('1.0 fred, 1.1 jotgate-0123')
      expect(own).toMatch(/^1\.1 jotgate-[0-9a-f]{24}$/)
      expect(answer.headers.has('via')).toBe(false)
      seen.add(own)
    }
    expect(seen.size).toBe(1)
  })

  it('a request that comes back is refused, whichever worker gets it, and goes round once', async () => {
    for (let round = 1; round <= 8; round++) {
      const { answer } = await ask('/circle/x')
      expect([answer.status, JSON.parse(answer.body).code]).toEqual([508, 'loop_detected'])
      expect(circles).toBeLessThanOrEqual(round)
    }
    const { body } = await send(`${gateway.adminUrl}/metrics`, {
      headers: { Authorization: `Bearer ${gateway.adminToken}` },
    })
    expect(body).toMatch(/reason="loop_detected"[^\n]* 8\n/)
  })

  it('hiding it behind Connection changes nothing', async () => {
    const { reached } = await ask('/plain')
    const [own = ''] = values(reached, 'via')
    const again = await ask('/plain', ['Connection: via', `Via: 1.1 other, ${own} (a comment)`])
    expect([again.answer.status, again.reached]).toEqual([508, undefined])
  })
})

describe('S12 where a request came from', () => {
  it("continues a trusted proxy's Forwarded in both forms, and believes no other header beside it", async () => {
    const { reached } = await ask('/plain', [
      'Forwarded: for=6.6.6.6, for="[2001:db8::9]:4711";proto=https;host=public.example',
      'X-Forwarded-For: 7.7.7.7',
      'X-Forwarded-Host: evil.example',
    ])
    expect(values(reached, 'x-forwarded-for')).toEqual(['6.6.6.6, 2001:db8::9, 127.0.0.1'])
    expect(values(reached, 'x-forwarded-proto')).toEqual(['https'])
    expect(values(reached, 'x-forwarded-host')).toEqual(['public.example'])
    const [forwarded = ''] = values(reached, 'forwarded')
    expect(forwarded).toMatch(
      /^for=6\.6\.6\.6, for="\[2001:db8::9\]:4711";proto=https;host=public\.example, for=127\.0\.0\.1;host=public\.example;proto=https;by=_jotgate-[0-9a-f]{24}$/,
    )
    expect(JSON.stringify(reached)).not.toMatch(/7\.7\.7\.7|evil/)
  })

  it('a Forwarded that cannot be read to its end says nothing', async () => {
    const { reached } = await ask('/plain', ['Forwarded: for=6.6.6.6;x="', 'Forwarded: for=7.7.7.7'])
    expect(values(reached, 'x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(values(reached, 'forwarded')[0]).toMatch(/^for=127\.0\.0\.1;host="shop\.example:8443";proto=http;by=_/)
  })

  it('is told to no upstream whose API says none', async () => {
    const { reached } = await ask('/quiet', [
      'Forwarded: for=6.6.6.6',
      'X-Forwarded-For: 6.6.6.6',
      'X-Real-IP: 6.6.6.6',
    ])
    expect(reached?.headers.map(([name]) => name.toLowerCase())).toEqual(['host', 'via'])
  })

  it('a header let through by name passes on its own API, plainly spelled, and on no other', async () => {
    const lines = [
      'X-HTTP-Method-Override: DELETE',
      'X_HTTP_Method_Override: PUT',
      'X-Real-IP: 6.6.6.6',
      'X-Original-URL: /x',
    ]
    const { reached } = await ask('/override', lines)
    expect(values(reached, 'x-http-method-override')).toEqual(['DELETE'])
    expect(values(reached, 'x-real-ip')).toEqual(['6.6.6.6'])
    expect(JSON.stringify(reached)).not.toMatch(/PUT|original/i)
    expect((await ask('/plain', lines)).reached?.headers.some(([name]) => /override|real/i.test(name))).toBe(false)
  })

  it('each name is a loosening that is said at start', () => {
    const warned = gateway
      .output()
      .split('\n')
      .filter((line) => line.includes('header_allowed'))
    expect(warned.length).toBe(2)
    expect(warned[0]).toContain('X-HTTP-Method-Override')
  })
})
