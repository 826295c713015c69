import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type EchoServer, serveEcho } from './echo-server.ts'

let folder: string
let socketPath: string
let server: EchoServer
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jotgate-test-'))
  socketPath = join(folder, 'echo.sock')
  server = await serveEcho(socketPath)
})
afterEach(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

it('the echo answers method, path, query, headers in order and the size of the body', async () => {
  const answer = await new Promise<string>((resolve, reject) => {
    const headers = ['Host', 'demo', 'X-Twice', 'a', 'X-Twice', 'b', 'Content-Length', '5']
    const sent = request({ socketPath, method: 'POST', path: '/a/b?c=d?e', headers, agent: false }, (response) => {
      response.setEncoding('utf8')
      response.on('data', resolve)
    })
    sent.on('error', reject)
    sent.end('hello')
  })
  expect(JSON.parse(answer)).toMatchObject({
    method: 'POST',
    path: '/a/b',
    query: 'c=d?e',
    bodyBytes: 5,
    headers: expect.arrayContaining([
      ['X-Twice', 'a'],
      ['X-Twice', 'b'],
    ]),
  })
})
