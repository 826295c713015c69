import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { cleanUp, replaceConfig, startGateway, startLoad } from './gateway-process.ts'

let upstream: Server
let target: string
beforeAll(async () => {
  upstream = createServer((_request, response) => response.end('upstream'))
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  target = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
})
afterAll(() => upstream.close())
afterEach(cleanUp)

/** Many open APIs, of which one tells edits apart. */
function config(apis: number, edit: number, prefix = ''): object {
  const open = (path: string): object => ({ listen: { path }, upstream: { targets: [target] }, access: 'public' })
  const many = Array.from({ length: apis }, (_, index) => [`api-${index}`, open(`${prefix}/api-${index}`)])
  return { version: 1, apis: Object.fromEntries([...many, ['edited', open(`/edit-${edit}`)]]) }
}

const mebibyte = 1024 * 1024
/** Garbage is collected soon, so that what stays is what is held. */
const smallHeap = ['--max-semi-space-size=1', '--max-old-space-size=64']
const memoryOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
const bytesReadBy = (pid: number): number =>
  Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1])

describe('many reloads', () => {
  it('send a worker what changed, not what it has', async () => {
    const gateway = await startGateway({ config: config(3000, 1), workers: 1 })
    const worker = (await gateway.status()).workers[0]?.pid ?? 0
    const started = bytesReadBy(worker)
    await replaceConfig(gateway, config(3000, 2), 2)
    const oneChanged = bytesReadBy(worker) - started
    await replaceConfig(gateway, config(3000, 2, '/other'), 3)
    const allChanged = bytesReadBy(worker) - started - oneChanged
    // The list of names and hashes travels each time.
    expect(oneChanged).toBeLessThan(allChanged / 3)
  })

  it('a hundred under load fail no request and leave memory as it was', { timeout: 120_000 }, async () => {
    const gateway = await startGateway({ config: config(100, 0), nodeArgs: smallHeap })
    const { pid, workers } = await gateway.status()
    const processes = [pid, ...workers.map((worker) => worker.pid)]
    const load = startLoad(`${gateway.url}/api-1`, 2)
    let generation = 1
    const reload = async (times: number): Promise<void> => {
      for (let count = 0; count < times; count += 1) {
        generation += 1
        await replaceConfig(gateway, config(100, generation), generation)
      }
    }
    await reload(50)
    const settled = processes.map(memoryOf)
    await reload(50)
    const growth = processes.map((one, index) => (memoryOf(one) - (settled[index] ?? 0)) / mebibyte)
    expect((await load.stop()).failed).toEqual([])
    expect(Math.max(...growth)).toBeLessThan(20)
  })
})
