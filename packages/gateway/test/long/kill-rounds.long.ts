import { writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { cleanUp, type GatewayProcess, send, startGateway, until } from '../integration/gateway-process.ts'
import { type RawUpstream, scripted } from '../upstream/raw-upstream.ts'
import { mintTokens, protectedApi, protectedEnvironment } from './protected-api.ts'
import { type Failure, type SteadyLoad, startSteadyLoad } from './steady-load.ts'

const rounds = 20
const lanes = 16
/** A slot that dies young again and again is refilled after up to 10 s. */
const refillMs = 60_000

let upstream: RawUpstream
beforeAll(async () => {
  upstream = await scripted('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
})
afterAll(() => upstream.close())
afterEach(cleanUp)

/** Requests the gateway counted, over all workers, those of dead ones too. */
async function counted(gateway: GatewayProcess): Promise<number> {
  const headers = { Authorization: `Bearer ${gateway.adminToken}` }
  const { body } = await send(`${gateway.adminUrl}/metrics`, { headers })
  const series = body.match(/^jotgate_requests_total\{.*$/gm) ?? []
  return series.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

/** Waits until control and both workers serve one generation, none of them `gone`. */
function recovered(gateway: GatewayProcess, gone: number): Promise<unknown> {
  return until(async () => {
    const status = await gateway.status().catch(() => undefined)
    return (
      status !== undefined &&
      status.pid !== gone &&
      status.workers.length === 2 &&
      status.workers.every(({ pid, generation }) => pid !== gone && generation === status.generation)
    )
  }, refillMs)
}

/** Kills a process, waits until all is whole again and both workers answer, and says what failed meanwhile. */
async function kill(gateway: GatewayProcess, load: SteadyLoad, pid: number): Promise<readonly Failure[]> {
  const before = load.failures().length
  process.kill(pid, 'SIGKILL')
  await recovered(gateway, pid)
  const answeredBy = new Map(load.byWorker())
  await until(() => [0, 1].every((worker) => (load.byWorker().get(worker) ?? 0) > (answeredBy.get(worker) ?? 0)))
  return load.failures().slice(before)
}

it(`${rounds} kills of workers and of control under load cost the killed worker's requests alone`, async () => {
  const target = `http://127.0.0.1:${upstream.port}`
  const gateway = await startGateway({ config: protectedApi(target), env: protectedEnvironment })
  writeFileSync(gateway.configFile, JSON.stringify(protectedApi(target, '/late')))
  await until(async () => (await gateway.status()).workers.every(({ generation }) => generation === 2))
  const load = startSteadyLoad({ port: gateway.port, path: '/long', lanes, pauseMs: 2, token: mintTokens() })
  await until(() => load.byWorker().size === 2)

  const failed: { readonly workers: number[]; readonly control: number[] } = { workers: [], control: [] }
  for (let round = 0; round < rounds; round += 1) {
    const number = round % 2
    const victim = (await gateway.status()).workers.find((worker) => worker.number === number)?.pid ?? 0
    const countedBefore = await counted(gateway)
    const killedMs = Date.now()
    const lost = await kill(gateway, load, victim)
    const afterMs = Date.now()
    failed.workers.push(lost.length)
    // An answer would have come from a process that lives; nobody gives a wrong one.
    expect(lost.filter(({ kind }) => kind === 'answer')).toEqual([])
    // On a connection that carried requests before, only the killed worker's; the rest stood in its accept queue.
    expect(lost.filter(({ worker }) => worker !== undefined && worker !== number)).toEqual([])
    expect(lost.filter(({ endedMs }) => endedMs < killedMs || endedMs > afterMs)).toEqual([])
    // One in flight a lane; a lane that came again at once may have met the dying queue once more.
    expect(lost.length).toBeLessThanOrEqual(2 * lanes)
    expect(await counted(gateway)).toBeGreaterThan(countedBefore)

    const control = await gateway.status()
    failed.control.push((await kill(gateway, load, control.pid)).length)
    expect((await gateway.status()).generation).toBeGreaterThanOrEqual(control.generation)
  }
  process.stdout.write(`kill -9, failed requests a round: worker ${failed.workers}; control ${failed.control}\n`)
  expect(failed.control).toEqual(failed.control.map(() => 0))
  await load.stop()

  const before = await counted(gateway)
  const requests = 200
  for (let sent = 0; sent < requests; sent += 1) expect((await send(`${gateway.url}/late`)).status).toBe(200)
  expect(await counted(gateway)).toBe(before + requests)
  expect((await send(`${gateway.adminUrl}/readyz`)).status).toBe(200)
})
