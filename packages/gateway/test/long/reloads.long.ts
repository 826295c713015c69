import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { cleanUp, replaceConfig, startGateway } from '../integration/gateway-process.ts'
import { type RawUpstream, scripted } from '../upstream/raw-upstream.ts'
import { residentMebibytes } from './process-memory.ts'
import { mintTokens, protectedApi, protectedEnvironment } from './protected-api.ts'
import { startSteadyLoad } from './steady-load.ts'

const reloads = 1000
/** By then every process has met all it will meet. */
const settledAfter = 200
const growthMebibytesMax = 15

let upstream: RawUpstream
beforeAll(async () => {
  upstream = await scripted('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
})
afterAll(() => upstream.close())
afterEach(cleanUp)

/** A hundred APIs, of which one tells edits apart. */
function edition(target: string, edit: number): object {
  return protectedApi(target, `/edit-${edit}`, ...Array.from({ length: 100 }, (_, index) => `/api-${index}`))
}

it(`${reloads} reloads under load fail no request, and neither control nor a worker grows`, async () => {
  const target = `http://127.0.0.1:${upstream.port}`
  const gateway = await startGateway({ config: edition(target, 1), env: protectedEnvironment })
  const { pid, workers } = await gateway.status()
  const processes = [pid, ...workers.map((worker) => worker.pid)]
  const load = startSteadyLoad({ port: gateway.port, path: '/long', lanes: 4, pauseMs: 20, token: mintTokens() })

  let settled: readonly number[] = []
  for (let done = 1; done <= reloads; done += 1) {
    await replaceConfig(gateway, edition(target, done + 1), done + 1)
    if (done === settledAfter) settled = processes.map(residentMebibytes)
  }
  await load.stop()
  const last = processes.map(residentMebibytes)
  const [control = 0, ...others] = last.map(Math.round)
  const [controlThen = 0, ...othersThen] = settled.map(Math.round)
  process.stdout.write(
    `${reloads} reloads: control ${controlThen} -> ${control} MiB, workers ${othersThen} -> ${others} MiB ` +
      `(${load.answered()} answered, ${load.failures().length} failed)\n`,
  )
  expect(load.failures()).toEqual([])
  expect(Math.max(...last.map((one, index) => one - (settled[index] ?? 0)))).toBeLessThan(growthMebibytesMax)
})
