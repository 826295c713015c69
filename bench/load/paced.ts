import { connect, type Socket } from 'node:net'
import { createMessageReader } from './message-reader.ts'
import type { PacedRun } from './paced-run.ts'
import { requestHead } from './request-head.ts'
import { tokenLines } from './token-lines.ts'

/**
 * Fixed-rate load for latency: requests are due at fixed times whether or not earlier ones were answered, and latency
 * counts from the due time, so a stall is seen by every request it delays. Runs as a process of its own:
 * `paced.ts <port> <path> <token file> <rate a second> <seconds> <connections> <first token> <expected status>`;
 * prints a `PacedRun` as JSON.
 */
interface Connection {
  readonly socket: Socket
  /** Due times of requests sent and not yet answered, oldest first. */
  readonly due: number[]
}

const words = process.argv.slice(2)
const [port = '0', path = '/', tokenFile = '', rate = '1000', seconds = '5'] = words
const [connections = '64', startAt = '0', expected = '200'] = words.slice(5)
const total = Math.floor(Number(rate) * Number(seconds))
const gapMs = 1000 / Number(rate)
/** A run that is later than that ends. */
const behindMsMax = 500
/** Time for the last answers. */
const graceMs = 1000
/** A read takes so much at a time, into memory that is used again. */
const readBytes = 65_536
/** Answers are read and requests sent at least so often. */
const napMs = 0.25
const nap = new Int32Array(new SharedArrayBuffer(4))

const nextRequest = tokenLines(tokenFile, Number(startAt), (token) => requestHead(path, token))
const latenciesMs = new Float64Array(total)
/** How late each request was sent: time that is the generator's own. */
const lagsMs = new Float64Array(total)
let sent = 0
let answered = 0
let unexpected = 0
let failures = 0
let hasKeptUp = true

function open(): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const due: number[] = []
    const read = createMessageReader((status) => {
      const dueMs = due.shift()
      if (dueMs === undefined) throw new Error('an answer without a request')
      if (status !== Number(expected)) unexpected++
      latenciesMs[answered++] = performance.now() - dueMs
    })
    const buffer = Buffer.allocUnsafe(readBytes)
    const callback = (bytes: number): boolean => {
      read(buffer.subarray(0, bytes))
      return true
    }
    const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true, onread: { buffer, callback } })
    socket.once('connect', () => resolve({ socket, due }))
    // More than one may come; a connection that fails later is told by its end.
    socket.on('error', reject)
    socket.on('close', () => {
      failures += due.length
      due.length = 0
    })
  })
}

const pool = await Promise.all(Array.from({ length: Number(connections) }, open))
const begin = performance.now()

await new Promise<void>((resolve) => {
  const tick = (): void => {
    const now = performance.now()
    // Far behind it would only pile up requests, and take the core from whoever answers them.
    hasKeptUp = now - begin - sent * gapMs < behindMsMax
    while (hasKeptUp && sent < total && begin + sent * gapMs <= now) {
      const connection = pool[sent % pool.length]
      if (connection === undefined) throw new Error('no connection')
      connection.due.push(begin + sent * gapMs)
      lagsMs[sent] = now - begin - sent * gapMs
      connection.socket.write(nextRequest())
      sent++
    }
    if (sent === total || !hasKeptUp) {
      setTimeout(resolve, graceMs)
      return
    }
    // A timer cannot wait for less than a millisecond, and a loop without rest would take the upstream's core.
    const waitMs = begin + sent * gapMs - performance.now()
    if (waitMs > 0) Atomics.wait(nap, 0, 0, Math.min(waitMs, napMs))
    setImmediate(tick)
  }
  tick()
})
for (const { socket } of pool) socket.destroy()

/** Of all but the first fifth. */
function percentile(values: Float64Array, count: number, share: number): number {
  const sorted = values.slice(Math.floor(count / 5), count).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

const latencyMs = (share: number): number => percentile(latenciesMs, answered, share)
const lagMs = (share: number): number => percentile(lagsMs, sent, share)
const run: PacedRun = {
  ...{ hasKeptUp, sent, answered, unexpected, failures },
  ...{ p50Ms: latencyMs(0.5), p99Ms: latencyMs(0.99), p999Ms: latencyMs(0.999), maxMs: latencyMs(1) },
  ...{ lagP99Ms: lagMs(0.99), lagP999Ms: lagMs(0.999) },
}
process.stdout.write(`${JSON.stringify(run)}\n`)
