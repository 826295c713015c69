import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { cleanUp, startGateway } from '../integration/gateway-process.ts'
import { type RawUpstream, scripted } from '../upstream/raw-upstream.ts'
import { runLeanLoad } from './lean-load.ts'
import { peakMebibytes, residentMebibytes } from './process-memory.ts'
import { mintTokens, protectedApi, protectedEnvironment } from './protected-api.ts'

const tokens = Number(process.env.JOTGATE_LONG_TOKENS ?? 1_000_000)
/** Every so manieth token comes a second time at once, which is what puts it into the cache of verified tokens. */
const repeatEvery = 20
const mebibytesMax = 150
const connections = 32

let upstream: RawUpstream
beforeAll(async () => {
  upstream = await scripted('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
})
afterAll(() => upstream.close())
afterEach(cleanUp)

describe('memory', () => {
  it(`a worker is under ${mebibytesMax} MiB after ${tokens} distinct tokens`, async () => {
    const gateway = await startGateway({
      config: protectedApi(`http://127.0.0.1:${upstream.port}`),
      workers: 1,
      env: protectedEnvironment,
      outputCharsMax: 1 << 20,
    })
    const pid = (await gateway.status()).workers[0]?.pid ?? 0
    const atStart = residentMebibytes(pid)
    const mint = mintTokens()
    const requestOf = (token: string): string =>
      `GET /long/orders?page=2 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n` +
      'Accept: application/json\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB,en;q=0.9\r\n' +
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\r\n'
    let serial = 0
    let again: string | undefined
    const next = (): string | undefined => {
      const repeated = again
      again = undefined
      if (repeated !== undefined) return repeated
      if (serial === tokens) return undefined
      serial += 1
      const request = requestOf(mint(serial))
      if (serial % repeatEvery === 0) again = request
      return request
    }
    const startedMs = Date.now()
    const { answered, failed } = await runLeanLoad(gateway.port, connections, next)
    const seconds = (Date.now() - startedMs) / 1000
    const [last, peak] = [residentMebibytes(pid), peakMebibytes(pid)]
    process.stdout.write(
      `worker on Node ${process.versions.node}: ${atStart.toFixed(0)} MiB at the start, ${last.toFixed(0)} after ` +
        `${tokens} distinct tokens, never over ${peak.toFixed(0)} (${answered} requests, ${seconds.toFixed(0)} s)\n`,
    )
    expect(failed.slice(0, 5)).toEqual([])
    expect(answered).toBe(tokens + Math.floor(tokens / repeatEvery))
    // Not the peak: it tells how late the collector's threads came to run beside the load's.
    expect(last).toBeLessThan(mebibytesMax)
  })
})
