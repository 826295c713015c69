import { readdirSync, readFileSync } from 'node:fs'
import { Agent, createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { generateKey, signToken } from '@jotgate/signer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cleanUp, type GatewayProcess, send, startGateway } from '../integration/gateway-process.ts'

const minutes = Number(process.env.SOAK_MINUTES ?? 60)
/** How the load goes on: of what one connection after the other can have at most. */
const loadShare = 0.7
const lanes = 32
/** After the first third, when caches are full: what the last third may hold more, in the median. */
const growthBytesMax = 8 * 1024 * 1024

let upstream: Server
let gateway: GatewayProcess
let token: string

beforeAll(async () => {
  upstream = createServer((request, response) => {
    request.resume()
    request.on('end', () => response.end('ok'))
  })
  upstream.listen(0, '127.0.0.1')
  await new Promise((resolve) => upstream.once('listening', resolve))
  const { port } = upstream.address() as AddressInfo
  const made = await generateKey('ES256')
  if (made.kind !== 'pair') throw new Error('not a pair')
  const exp = Math.floor(Date.now() / 1000) + (minutes + 30) * 60
  token = await signToken({ iss: 'https://a.example', aud: 'a', sub: 'ann', exp }, { ...made.privateJwk, kid: 'k' })
  const keys = { jwks: { keys: [{ ...made.publicJwk, kid: 'k' }] } }
  gateway = await startGateway({
    workers: 1,
    // Of millions of lines.
    outputCharsMax: 1 << 20,
    config: {
      version: 1,
      issuers: { main: { issuer: 'https://a.example', audiences: ['a'], keys } },
      apis: {
        orders: {
          listen: { path: '/orders' },
          access: { issuers: ['main'] },
          upstream: { targets: [`http://127.0.0.1:${port}`] },
        },
      },
    },
  })
})
afterAll(async () => {
  await cleanUp()
  upstream.closeAllConnections()
  await new Promise((resolve) => upstream.close(resolve))
})

interface Running {
  readonly sent: () => number
  readonly failed: readonly string[]
  readonly stop: () => Promise<void>
}

/** Sends on kept connections; `perSecond` over all of them, as many as the answers allow without it. */
function run(perSecond = Number.POSITIVE_INFINITY): Running {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes })
  const failed: string[] = []
  const startMs = performance.now()
  let sent = 0
  let stopped = false
  async function lane(): Promise<void> {
    while (!stopped) {
      const dueMs = (sent / perSecond) * 1000 - (performance.now() - startMs)
      if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs))
      const serial = sent++
      const body = serial % 10 === 0 ? 'x'.repeat(2000) : ''
      const headers = { Authorization: `Bearer ${token}` }
      try {
        const answer = await send(`${gateway.url}/orders/${serial % 1000}`, {
          ...{ agent, headers, body },
          method: body === '' ? 'GET' : 'POST',
        })
        if (answer.status !== 200 && failed.length < 100) failed.push(`${answer.status} ${answer.body}`)
      } catch (error) {
        if (failed.length < 100) failed.push(String(error))
      }
    }
  }
  const ends = Array.from({ length: lanes }, lane)
  return {
    sent: () => sent,
    failed,
    stop: async () => {
      stopped = true
      await Promise.all(ends)
      agent.destroy()
    },
  }
}

interface Sample {
  readonly residentBytes: number
  readonly files: number
}

function sample(pid: number): Sample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    residentBytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024,
    files: readdirSync(`/proc/${pid}/fd`).length,
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const mib = (bytes: number): string => (bytes / 1_048_576).toFixed(1)

it(`${minutes} minutes at 70 % of its load: flat memory, no error`, { timeout: (minutes + 5) * 60_000 }, async () => {
  const pid = (await gateway.status()).workers[0]?.pid ?? 0
  const full = run()
  const measureMs = Math.min(20_000, minutes * 10_000)
  await new Promise((resolve) => setTimeout(resolve, measureMs))
  await full.stop()
  expect(full.failed).toEqual([])
  const perSecond = (loadShare * full.sent() * 1000) / measureMs

  const soak = run(perSecond)
  const samples: Sample[] = []
  const count = 60
  for (let at = 0; at < count; at++) {
    await new Promise((resolve) => setTimeout(resolve, (minutes * 60_000) / count))
    samples.push(sample(pid))
  }
  await soak.stop()
  const resident = samples.map(({ residentBytes }) => residentBytes)
  const [early, late] = [median(resident.slice(count / 3, (2 * count) / 3)), median(resident.slice((2 * count) / 3))]
  const files = samples.map((one) => one.files)
  process.stdout.write(
    `soak: ${minutes} min, ${soak.sent()} requests (${Math.round(perSecond)} wanted a second), ${soak.failed.length} failed; ` +
      `resident ${mib(early)} then ${mib(late)} MiB (${mib(Math.min(...resident))} to ${mib(Math.max(...resident))}), ` +
      `files ${Math.min(...files)} to ${Math.max(...files)}, Node ${process.version}\n`,
  )
  expect(soak.failed).toEqual([])
  expect(soak.sent()).toBeGreaterThan(0.9 * perSecond * minutes * 60)
  expect(late - early).toBeLessThan(growthBytesMax)
  expect(Math.max(...files.slice(count / 3))).toBeLessThanOrEqual(Math.max(...files.slice(0, count / 3)) + 2)
})
