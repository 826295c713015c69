import { connect, type Socket } from 'node:net'
import { createMessageReader } from './message-reader.ts'
import { requestHead } from './request-head.ts'
import { tokenLines } from './token-lines.ts'

/**
 * Holds connections that have had one answer each: `hold-idle.ts <port> <path> <token file> <count>`. Writes how many it holds
 * when all are there, and, when its input ends, how many are left.
 */
const [port = '0', path = '/', tokenFile = '', count = '0'] = process.argv.slice(2)
/** From so many addresses of loopback, as callers have their own: a gateway bounds the connections of each. */
const addresses = 16
const atOnce = 50

const nextRequest = tokenLines(tokenFile, 0, (token) => requestHead(path, token))
const held = new Set<Socket>()

function open(number: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const localAddress = `127.0.0.${2 + (number % addresses)}`
    const socket = connect({ host: '127.0.0.1', port: Number(port), localAddress })
    const read = createMessageReader((status) => {
      if (status >= 400) reject(new Error(`a connection to be held was answered ${status}`))
      held.add(socket)
      resolve()
    })
    socket.once('connect', () => socket.write(nextRequest()))
    socket.on('data', read)
    socket.on('error', reject)
    socket.once('close', () => {
      held.delete(socket)
      reject(new Error('a connection to be held was closed'))
    })
  })
}

for (let number = 0; number < Number(count); number += atOnce) {
  await Promise.all(
    Array.from({ length: Math.min(atOnce, Number(count) - number) }, (_, index) => open(number + index)),
  )
}
process.stdout.write(`${held.size}\n`)
process.stdin.resume()
process.stdin.once('end', () => process.stdout.write(`${held.size}\n`, () => process.exit(0)))
