import { writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { cleanUp, send, startGateway, until } from '../integration/gateway-process.ts'
import { type RawUpstream, scripted } from '../upstream/raw-upstream.ts'
import { mintTokens, protectedApi, protectedEnvironment } from './protected-api.ts'
import { startSteadyLoad } from './steady-load.ts'

const awayMs = 30_000

let upstream: RawUpstream
beforeAll(async () => {
  upstream = await scripted('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
})
afterAll(() => upstream.close())
afterEach(cleanUp)

it(`control stopped for ${awayMs / 1000} s under load fails no request, on kept or new connections`, async () => {
  const target = `http://127.0.0.1:${upstream.port}`
  const gateway = await startGateway({ config: protectedApi(target), env: protectedEnvironment })
  const { pid } = await gateway.status()
  const load = startSteadyLoad({ port: gateway.port, path: '/long', lanes: 16, pauseMs: 20, token: mintTokens() })
  await until(() => load.answered() > 100)
  process.kill(pid, 'SIGSTOP')
  const stoppedMs = Date.now()
  const before = load.answered()
  await until(() => Date.now() - stoppedMs > awayMs, 2 * awayMs)
  const answered = load.answered() - before
  process.kill(pid, 'SIGCONT')

  writeFileSync(gateway.configFile, JSON.stringify(protectedApi(target, '/late')))
  await until(async () => (await gateway.status()).workers.every(({ generation }) => generation === 2))
  await load.stop()
  process.stdout.write(`control away for 30 s: ${answered} answered meanwhile, ${load.failures().length} failed\n`)
  expect(load.failures()).toEqual([])
  expect(answered).toBeGreaterThan(500)
  expect(load.byWorker().size).toBe(2)
  expect((await send(`${gateway.url}/late`)).status).toBe(200)
})
