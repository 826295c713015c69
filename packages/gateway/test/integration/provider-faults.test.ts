import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AnnouncedUpstream, startAnnouncedUpstream } from '../support/announced-upstream.ts'
import { type Caller, createCaller, startPacedLoad } from './caller.ts'
import { type Answer, cleanUp, type GatewayProcess, startGateway, until } from './gateway-process.ts'
import { makeSigningKey, type ProviderFault, startProvider, type TestProvider } from './oidc-provider.ts'

const faults: readonly ProviderFault[] = ['stopped', 'hung', 'html', 'huge', 'garbage']
const keys = [makeSigningKey('rs-1', 'RS256'), makeSigningKey('es-1', 'ES256')]
const audience = 'https://orders.test'

let upstream: AnnouncedUpstream
const providers: TestProvider[] = []

beforeAll(async () => {
  upstream = await startAnnouncedUpstream()
})
afterEach(async () => {
  await cleanUp()
  await Promise.all(providers.splice(0).map((provider) => provider.close()))
  expect(upstream.unexpected()).toEqual([])
})
afterAll(() => upstream.close())

async function openProvider(): Promise<TestProvider> {
  const provider = await startProvider(keys)
  providers.push(provider)
  return provider
}

/** One issuer and one API for each provider, under the same name. */
function trusting(named: Readonly<Record<string, TestProvider>>, jwks: object): object {
  const entries = Object.entries(named)
  return {
    version: 1,
    issuers: Object.fromEntries(
      entries.map(([name, { issuer }]) => [
        name,
        { issuer, keys: { discovery: true }, audiences: [audience], allowInsecureHttp: true, jwks },
      ]),
    ),
    apis: Object.fromEntries(
      entries.map(([name]) => [
        name,
        { listen: { path: `/${name}` }, upstream: { targets: [upstream.url] }, access: { issuers: [name] } },
      ]),
    ),
  }
}

interface KeyStatus {
  readonly issuerId: string
  readonly status: string
  readonly lastError?: { readonly message: string }
  readonly keys: readonly { readonly kid?: string }[]
  readonly distrusted: readonly string[]
}

async function keyStatus(caller: Caller, issuerId: string): Promise<KeyStatus> {
  const { body } = await caller.admin('GET', '/keys')
  const { issuers } = JSON.parse(body) as { issuers: readonly KeyStatus[] }
  const found = issuers.find((one) => one.issuerId === issuerId)
  if (found === undefined) throw new Error(`${issuerId} is not listed`)
  return found
}

/** The most memory a process ever had resident, in MiB. */
function peakMiB(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

async function stop(gateway: GatewayProcess): Promise<void> {
  gateway.process.kill('SIGTERM')
  await gateway.exited
}

const codeOf = ({ body }: Answer): unknown => JSON.parse(body).code

describe('a provider that fails', () => {
  it('keys serve on within maxStale, then 503 and never 401, then again without a restart; memory stays bounded', {
    timeout: 60_000,
  }, async () => {
    const named = Object.fromEntries(
      await Promise.all(faults.map(async (fault) => [fault, await openProvider()] as const)),
    )
    const jwks = { ttl: '1s', maxStale: '4s', timeout: '500ms', cooldown: '100ms' }
    const gateway = await startGateway({ config: trusting(named, jwks) })
    const caller = createCaller(gateway, upstream)
    const controlPid = (await gateway.status()).pid
    const cases = await Promise.all(
      faults.map(async (fault) => {
        const provider = named[fault] as TestProvider
        const token = await provider.accessToken('https://orders.test')
        await caller.warm(`/${fault}`, token)
        // A token no worker has seen: stale keys must verify, not only what is cached.
        return { fault, provider, token, unseen: await provider.accessToken('https://orders.test') }
      }),
    )
    const peakBefore = peakMiB(controlPid)
    await Promise.all(cases.map(({ provider, fault }) => provider.fail(fault)))

    await Promise.all(
      cases.map(async ({ fault, token, unseen }) => {
        await until(async () => (await keyStatus(caller, fault)).status === 'stale')
        expect([fault, (await caller.send(`/${fault}`, unseen)).status]).toEqual([fault, 200])

        const last = await until(async () => {
          const answer = await caller.send(`/${fault}`, token)
          return answer.status !== 200 && answer
        })
        expect([fault, last.status, codeOf(last)]).toEqual([fault, 503, 'keys_unavailable'])
        expect(last.headers['retry-after']).toMatch(/^\d+$/)
        const after = await caller.refused(`/${fault}`, token)
        expect([fault, after.status, after.reason]).toEqual([fault, 503, 'keys_unavailable'])
        expect((await keyStatus(caller, fault)).lastError?.message).toContain('127.0.0.1')
      }),
    )
    expect(peakMiB(controlPid) - peakBefore).toBeLessThan(48)

    await Promise.all(cases.map(({ provider }) => provider.recover()))
    await Promise.all(
      cases.map(async ({ fault, token }) => {
        const seen = new Set<number>()
        await until(async () => {
          const { status } = await caller.send(`/${fault}`, token)
          seen.add(status)
          return status === 200
        }, 15_000)
        expect([...seen].filter((status) => status !== 200 && status !== 503)).toEqual([])
      }),
    )
    expect((await gateway.status()).pid).toBe(controlPid)
    expect(await caller.leaks()).toEqual([])
  })

  it('a gateway restarted meanwhile serves from its data directory, and no longer than maxStale', {
    timeout: 40_000,
  }, async () => {
    const provider = await openProvider()
    const token = await provider.accessToken('https://orders.test')
    const config = (maxStale: string): object => trusting({ provider }, { ttl: '1s', maxStale, timeout: '500ms' })
    const first = await startGateway({ config: config('1h') })
    expect((await createCaller(first, upstream).send('/provider', token)).status).toBe(200)
    await stop(first)
    await provider.fail('stopped')

    const second = await startGateway({ config: config('1h'), folder: first.folder })
    const caller = createCaller(second, upstream)
    await caller.warm('/provider', token)
    expect((await keyStatus(caller, 'provider')).status).toBe('stale')
    await stop(second)

    const third = createCaller(await startGateway({ config: config('0s'), folder: first.folder }), upstream)
    // What is left of the set's own time serves on; no test machine is sure to be slower than that.
    const last = await until(async () => {
      const answer = await third.send('/provider', token)
      return answer.status !== 200 && answer
    }, 5000)
    expect([last.status, codeOf(last)]).toEqual([503, 'keys_unavailable'])
  })

  it.each(['stopped', 'hung'] as const)(
    'a gateway started with its provider %s is ready, answers 503, and recovers',
    {
      timeout: 40_000,
    },
    async (fault) => {
      const provider = await openProvider()
      const token = await provider.accessToken('https://orders.test')
      await provider.fail(fault)
      const config = trusting({ provider }, { timeout: '500ms', cooldown: '100ms' })
      const caller = createCaller(await startGateway({ config }), upstream)
      expect((await caller.admin('GET', '/readyz')).status).toBe(200)
      const refused = await caller.refused('/provider', token)
      expect([refused.status, refused.reason]).toEqual([503, 'keys_unavailable'])
      await provider.recover()
      await until(async () => (await caller.send('/provider', token)).status === 200, 15_000)
    },
  )

  it('a set that lists no key is an answer: 503 at once, and an alarm in the log', async () => {
    const provider = await openProvider()
    const gateway = await startGateway({ config: trusting({ provider }, {}) })
    const caller = createCaller(gateway, upstream)
    const token = await provider.accessToken('https://orders.test')
    await caller.warm('/provider', token)
    await provider.fail('empty')
    await caller.admin('POST', '/keys/provider/refresh')
    const refused = await caller.refused('/provider', token)
    expect([refused.status, refused.reason]).toEqual([503, 'keys_unavailable'])
    await until(() => /"level":"error".*lists no usable key/.test(gateway.output()))
    await provider.recover()
    await caller.admin('POST', '/keys/provider/refresh')
    expect((await caller.send('/provider', token)).status).toBe(200)
  })

  it('a provider that ends and comes back with another key costs known tokens nothing', async () => {
    const provider = await openProvider()
    const caller = createCaller(
      await startGateway({ config: trusting({ provider }, { ttl: '1s', timeout: '500ms' }) }),
      upstream,
    )
    const token = await provider.accessToken('https://orders.test')
    await caller.warm('/provider', token)
    const load = startPacedLoad(100, () => caller.send('/provider', token))
    await provider.fail('stopped')
    await until(async () => (await keyStatus(caller, 'provider')).status === 'stale')
    provider.rotate([makeSigningKey('rs-2', 'RS256'), ...keys])
    await provider.recover()
    const fresh = await provider.accessToken('https://orders.test')
    expect((await caller.send('/provider', fresh)).status).toBe(200)
    const { sent, failed } = await load.stop()
    expect(failed).toEqual([])
    expect(sent).toBeGreaterThan(50)
  })
})

describe('S7 keys through the admin port', () => {
  let provider: TestProvider
  let gateway: GatewayProcess
  let caller: Caller
  const start = async (): Promise<void> => {
    provider = await openProvider()
    gateway = await startGateway({ config: trusting({ provider }, { cooldown: '100ms' }) })
    caller = createCaller(gateway, upstream)
  }

  it('status names keys and places, and refresh fetches what is new at once', async () => {
    await start()
    const token = await provider.accessToken('https://orders.test')
    await caller.warm('/provider', token)
    const before = await keyStatus(caller, 'provider')
    expect(before).toMatchObject({ status: 'fresh', urls: [`${provider.issuer}/jwks`], distrusted: [] })
    expect(before.keys.map(({ kid }) => kid)).toEqual(['rs-1', 'es-1'])

    provider.rotate([makeSigningKey('rs-2', 'RS256'), ...keys])
    const { status, body } = await caller.admin('POST', '/keys/provider/refresh')
    expect(status).toBe(200)
    expect((JSON.parse(body) as KeyStatus).keys.map(({ kid }) => kid)).toEqual(['rs-2', 'rs-1', 'es-1'])
    expect((await caller.admin('POST', '/keys/nobody/refresh')).status).toBe(404)
  })

  it('a distrusted key stops on all workers within a second, for ever, and other keys go on', async () => {
    await start()
    const token = await provider.accessToken('https://orders.test')
    const other = await provider.accessToken('https://orders.test/es256')
    await caller.warm('/provider', token)
    await caller.warm('/provider', other)

    const startMs = Date.now()
    expect((await caller.admin('POST', '/keys/provider/distrust', { kid: 'rs-1' })).status).toBe(200)
    const workers = new Set<string>()
    await until(async () => {
      const { status, headers } = await caller.send('/provider', token)
      if (status === 401) workers.add(String(headers['jotgate-decision']).split('-')[1] ?? '')
      return workers.size === 2
    })
    expect(Date.now() - startMs).toBeLessThan(1000)
    expect((await caller.send('/provider', other)).status).toBe(200)

    // The provider lists it still.
    await caller.admin('POST', '/keys/provider/refresh')
    const refused = await caller.refused('/provider', token)
    expect([refused.status, refused.reason]).toEqual([401, 'key_unknown'])
    expect(await caller.leaks()).toEqual([])

    await stop(gateway)
    const config = trusting({ provider }, { cooldown: '100ms' })
    const again = createCaller(await startGateway({ config, folder: gateway.folder }), upstream)
    expect((await again.send('/provider', other)).status).toBe(200)
    expect((await again.refused('/provider', token)).reason).toBe('key_unknown')
  })
})
