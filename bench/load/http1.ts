import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { keyExchange } from '../key-exchange.ts'
import type { Load } from './load.ts'
import { createMessageReader } from './message-reader.ts'
import { requestHead } from './request-head.ts'
import type { GeneratorPlan } from './run-generator.ts'
import { tokenLines } from './token-lines.ts'

/**
 * A closed loop over HTTP/1.1 for what wrk cannot do: bodies without a copy of one for each token, and connections that
 * never resume a TLS session (wrk resumes every other one). With a rate, so that a generator dearer than wrk is not the limit.
 * `http1.ts <GeneratorPlan as JSON>`; prints a `Load`.
 */
const plan = JSON.parse(process.argv[2] ?? '') as GeneratorPlan
const readBytes = 262_144
const tickMs = 1
/** Time for the last answers, so that nothing is cut off. */
const graceMs = 2_000

const body = Buffer.alloc(plan.bodyBytes, 'x')
const nextRequest = tokenLines(plan.tokenFile, plan.startAt, (token) =>
  requestHead(plan.path, token, plan.bodyBytes, plan.isNewEach),
)
/** Connections without a request; a new connection each time has nothing to keep but its place. */
const free: (Socket | undefined)[] = []
let sent = 0
let requests = 0
let notOk = 0
let errors = 0
let resumed = 0
let isOver = false

function answered(status: number): void {
  requests++
  if (status >= 400) notOk++
}

function send(socket: Socket): void {
  if (plan.bodyBytes === 0) {
    socket.write(nextRequest())
    return
  }
  socket.cork()
  socket.write(nextRequest())
  socket.write(body)
  socket.uncork()
}

function openKept(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const read = createMessageReader((status) => {
      answered(status)
      free.push(socket)
      pump()
    })
    const buffer = Buffer.allocUnsafe(readBytes)
    const callback = (bytes: number): boolean => {
      read(buffer.subarray(0, bytes))
      return true
    }
    const socket = connect({ host: '127.0.0.1', port: plan.port, noDelay: true, onread: { buffer, callback } })
    socket.once('connect', () => resolve(socket))
    // More than one may come; a connection that fails later is told by its end.
    socket.on('error', reject)
    socket.once('close', () => {
      if (!isOver) errors++
    })
  })
}

/** One request over a connection of its own: no session is handed to it, so its handshake is a full one. */
function sendOnNew(): void {
  let isAnswered = false
  const read = createMessageReader((status) => {
    isAnswered = true
    answered(status)
  })
  // The certificate is the benchmark's own, and who signed it is no part of what is measured.
  const asked = { servername: 'bench.example.com', rejectUnauthorized: false, ecdhCurve: keyExchange }
  const socket = connectTls({ host: '127.0.0.1', port: plan.port, ...asked })
  socket.once('secureConnect', () => {
    if (socket.isSessionReused()) resumed++
    send(socket)
  })
  socket.on('data', read)
  socket.on('error', () => undefined)
  socket.once('close', () => {
    if (!isAnswered) errors++
    free.push(undefined)
    pump()
  })
}

const rpsMax = plan.rpsMax ?? Number.POSITIVE_INFINITY
let begin = 0

function pump(): void {
  while (!isOver && free.length > 0 && sent < ((performance.now() - begin) / 1000) * rpsMax) {
    const socket = free.pop()
    sent++
    if (socket === undefined) sendOnNew()
    else send(socket)
  }
}

for (let count = 0; count < plan.inFlight; count++) free.push(plan.isNewEach ? undefined : await openKept())
const kept = [...free]
begin = performance.now()
const ticking = setInterval(pump, tickMs)
pump()
await new Promise((resolve) => setTimeout(resolve, plan.seconds * 1000))
isOver = true
clearInterval(ticking)
const deadline = performance.now() + graceMs
while (free.length < plan.inFlight && performance.now() < deadline)
  await new Promise((resolve) => setTimeout(resolve, 5))
const load: Load = {
  requests,
  seconds: (performance.now() - begin) / 1000,
  notOk,
  errors: errors + plan.inFlight - free.length,
  resumed,
}
for (const socket of kept) socket?.destroy()
process.stdout.write(`${JSON.stringify(load)}\n`, () => process.exit(0))
