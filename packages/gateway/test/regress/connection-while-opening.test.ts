import { connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { cleanUp, startGateway } from '../integration/gateway-process.ts'
import { freePorts } from '../support/free-ports.ts'

afterEach(cleanUp)

const lanes = 16
const starts = 4
const patienceMs = 3000

type Outcome = 'answered' | 'nobody listened' | 'no answer'

it('callers that knock while a worker opens its port are answered, or find nobody; none is taken and forgotten', async () => {
  let answered = 0
  for (let start = 0; start < starts; start += 1) {
    const port = (await freePorts(1))[0] ?? 0
    let isReady = false
    const callers = Array.from({ length: lanes }, async () => {
      const outcomes: Outcome[] = []
      while (!isReady) outcomes.push(await knock(port))
      return outcomes
    })
    await startGateway({ config: { version: 1, apis: {} }, port, workers: 1 })
    isReady = true
    const outcomes = (await Promise.all(callers)).flat()
    answered += outcomes.filter((outcome) => outcome === 'answered').length
    expect(outcomes).not.toContain('no answer')
  }
  expect(answered).toBeGreaterThan(0)
})

/** One request on a connection of its own. */
function knock(port: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const patience = setTimeout(() => end('no answer'), patienceMs)
    function end(outcome: Outcome): void {
      clearTimeout(patience)
      socket.destroy()
      resolve(outcome)
    }
    socket.on('connect', () => socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n'))
    socket.on('data', () => end('answered'))
    socket.on('error', () => end('nobody listened'))
  })
}
