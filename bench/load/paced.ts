import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'

/**
 * Fixed-rate load for latency: requests are due at fixed times whether or not earlier ones were answered, and latency
 * counts from the due time, so a stall is seen by every request it delays. Runs as a process of its own:
 * `paced.ts <port> <path> <token file> <rate a second> <seconds> <connections>`; prints one JSON object.
 */
interface Connection {
  readonly socket: Socket
  /** Due times of requests sent and not yet answered, oldest first. */
  readonly due: number[]
  /** Bytes of an answer's body still to come. */
  bodyLeft: number
  head: string
}

const [port = '0', path = '/', tokenFile = '', rate = '1000', seconds = '5', connections = '64'] = process.argv.slice(2)
const latenciesMs: number[] = []
/** How late each request was sent: time that is the generator's own. */
const lagsMs: number[] = []
let failures = 0
let next = 0

const bodies: Buffer[] = readFileSync(tokenFile, 'utf8')
  .trimEnd()
  .split('\n')
  .slice(0, 20_000)
  .map((token) =>
    Buffer.from(
      `GET ${path} HTTP/1.1\r\nHost: bench.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0\r\nAccept: application/json, text/plain, */*\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB,en;q=0.9\r\nCache-Control: no-cache\r\nOrigin: https://app.example.com\r\nReferer: https://app.example.com/orders\r\nSec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-site\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    ),
  )

function open(): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true })
    const connection: Connection = { socket, due: [], bodyLeft: 0, head: '' }
    socket.once('connect', () => resolve(connection))
    socket.once('error', reject)
    socket.on('data', (chunk) => read(connection, chunk.toString('latin1')))
    socket.on('close', () => {
      failures += connection.due.length
    })
  })
}

/** Enough of HTTP to find where an answer with Content-Length ends. */
function read(connection: Connection, text: string): void {
  let rest = connection.head + text
  for (;;) {
    const skipped = Math.min(connection.bodyLeft, rest.length)
    rest = rest.slice(skipped)
    connection.bodyLeft -= skipped
    if (connection.bodyLeft > 0) break
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) break
    const length = /\r\ncontent-length: (\d+)/i.exec(rest.slice(0, end + 2))
    const due = connection.due.shift()
    if (due === undefined || length === null) throw new Error('an answer without a request or without a length')
    latenciesMs.push(performance.now() - due)
    connection.bodyLeft = Number(length[1])
    rest = rest.slice(end + 4)
  }
  connection.head = rest
}

const pool = await Promise.all(Array.from({ length: Number(connections) }, open))
const begin = performance.now()
const total = Math.floor(Number(rate) * Number(seconds))
const gapMs = 1000 / Number(rate)
let sent = 0

await new Promise<void>((resolve) => {
  const tick = (): void => {
    const now = performance.now()
    while (sent < total && begin + sent * gapMs <= now) {
      const connection = pool[sent % pool.length]
      const body = bodies[next % bodies.length]
      if (connection === undefined || body === undefined) throw new Error('no connection or no token')
      connection.due.push(begin + sent * gapMs)
      lagsMs.push(now - begin - sent * gapMs)
      connection.socket.write(body)
      next++
      sent++
    }
    if (sent < total) setTimeout(tick, 1)
    else setTimeout(resolve, 1000)
  }
  tick()
})
for (const { socket } of pool) socket.destroy()

/** Of all but the first fifth. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.slice(Math.floor(values.length / 5)).toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

const at = (share: number): number => percentile(latenciesMs, share)
process.stdout.write(
  `${JSON.stringify({ sent, answered: latenciesMs.length, failures, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), maxMs: at(1), lagP99Ms: percentile(lagsMs, 0.99) })}\n`,
)
