import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { cleanUp, send, startGateway, until } from './gateway-process.ts'

let upstream: Server
let target: string
/** Requests the upstream got, by their path. */
const received = new Set<string>()
const held: ServerResponse[] = []
beforeAll(async () => {
  upstream = createServer((request, response) => {
    received.add(request.url ?? '')
    if (request.url === '/a/held') held.push(response)
    else response.end('whole')
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  target = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
})
afterAll(() => upstream.close())
afterEach(cleanUp)

type Fate = 'answered' | 'refused' | 'reset' | 'torn' | 'unanswered'

/** What one caller saw of its connection, and of the requests it sent on it. */
interface Seen {
  readonly path: string
  readonly fate: Fate
  /** Requests answered on this connection before this one. */
  readonly before: number
  readonly endedMs: number
}

const answerEnd = '\r\n\r\nwhole'
const unansweredMs = 8_000

/** Sends requests one after another on one connection until it is told to go, or the connection ends. */
function converse(port: number, pathOf: () => string, requestsMax: number, pauseMs: number): Promise<readonly Seen[]> {
  return new Promise((resolve) => {
    const seen: Seen[] = []
    let path = pathOf()
    let text = ''
    let waiting = true
    const socket = connect(port, '127.0.0.1')
    const late = setTimeout(() => end('unanswered'), unansweredMs)
    const ask = (): void => {
      waiting = true
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    }
    const note = (fate: Fate): void => void seen.push({ path, fate, before: seen.length, endedMs: Date.now() })
    function end(fate: Fate): void {
      clearTimeout(late)
      if (waiting) note(text === '' ? fate : 'torn')
      waiting = false
      socket.destroy()
      resolve(seen)
    }
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      text += chunk
      if (!text.endsWith(answerEnd)) return
      note('answered')
      waiting = false
      if (/^connection: close/im.test(text) || seen.length >= requestsMax) return end('answered')
      text = ''
      path = pathOf()
      setTimeout(() => {
        if (!socket.destroyed) ask()
      }, pauseMs)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED' ? 'refused' : 'reset'))
    socket.on('close', () => end('reset'))
    ask()
  })
}

/** Opens connections without pause until the port refuses them. */
async function press(port: number, lanes: number, requestsMax: number, pauseMs: number): Promise<readonly Seen[]> {
  const all: Seen[] = []
  let count = 0
  const lane = async (number: number): Promise<void> => {
    for (;;) {
      const seen = await converse(port, () => `/a/${requestsMax}/${number}/${count++}`, requestsMax, pauseMs)
      all.push(...seen)
      if (seen.some(({ fate }) => fate === 'refused')) return
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)))
  return all
}

const config = (): object => ({
  version: 1,
  apis: { a: { listen: { path: '/a' }, upstream: { targets: [target] }, access: 'public' } },
})

describe('SIGTERM drains: no request dropped', () => {
  it.each([0, 1000])('under load on new and on kept connections, with a grace of %d ms', async (graceMs) => {
    const gateway = await startGateway({ config: config(), graceMs })
    const last = send(`${gateway.url}/a/held`)
    await until(() => held.length === 1)
    const pressure = Promise.all([press(gateway.port, 24, 1, 0), press(gateway.port, 8, 1000, 5)])
    await until(() => received.size > 400)
    gateway.process.kill('SIGTERM')
    const seen = (await pressure).flat()
    const outcome = await Promise.race([gateway.exited, Promise.resolve('still draining')])
    for (const response of held.splice(0)) response.end('at last')
    expect((await last).body).toBe('at last')
    expect(await gateway.exited).toBe(0)

    const of = (fate: Fate): readonly Seen[] => seen.filter((one) => one.fate === fate)
    // A new connection that the kernel took in the instant the port closed is reset, unread: TCP has no better answer.
    // What was read is answered in full, and nobody is left hanging while others end.
    expect(outcome).toBe('still draining')
    expect(of('answered').length).toBeGreaterThan(400)
    expect(of('torn')).toEqual([])
    expect(of('unanswered')).toEqual([])
    expect(of('reset').filter(({ path }) => received.has(path))).toEqual([])
    // On a connection it answered on before, the gateway says Connection: close before it goes.
    expect(of('reset').filter(({ before }) => before > 0)).toEqual([])
    received.clear()
  })
})
