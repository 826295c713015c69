// Opens connections, sends what it is told on each, and holds them until it is told to end: a process has files of its own.
import { connect } from 'node:net'

const { port, count, bytes } = JSON.parse(process.argv[2])
let open = 0
let closed = 0
for (let at = 0; at < count; at++) {
  // Several addresses of loopback: one alone has not enough ports, nor leave for so many connections.
  const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.${1 + (at >> 8)}.${1 + (at & 127)}` })
  socket.on('connect', () => socket.write(bytes))
  socket.once('data', () => {
    open += 1
    if (open === count) process.stdout.write('open\n')
  })
  socket.on('data', () => undefined)
  socket.on('error', () => undefined)
  socket.on('close', () => {
    closed += 1
    process.stdout.write(`closed ${closed}\n`)
  })
  if (at % 200 === 199) await new Promise((resolve) => setTimeout(resolve, 20))
}
process.stdin.on('end', () => process.exit(0))
process.stdin.resume()
