import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { latencyAt } from './latency.ts'
import { createMessageReader } from './message-reader.ts'

const folder = mkdtempSync(join(tmpdir(), 'jotgate-latency-'))
const tokenFile = join(folder, 'tokens')
/** Every tenth request is refused. */
const server = createServer((socket) => {
  let count = 0
  const read = createMessageReader(() => {
    socket.write(`HTTP/1.1 ${++count % 10 === 0 ? 401 : 200} x\r\nContent-Length: 0\r\n\r\n`)
  })
  socket.on('data', read)
  socket.on('error', () => undefined)
})

beforeAll(async () => {
  writeFileSync(tokenFile, 'a\nb\n')
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

it.each([
  [undefined, '128 answers were not 200'],
  [401, '1152 answers were not 401'],
])('the statuses of paced answers are looked at, wanted %s', async (expectedStatus, words) => {
  const { port } = server.address() as AddressInfo
  const paced = { port, path: '/', tokenFile, rps: 1_280, seconds: 1, cpu: 0 }
  const asked = latencyAt(expectedStatus === undefined ? paced : { ...paced, expectedStatus })
  await expect(asked).rejects.toThrow(words)
})
