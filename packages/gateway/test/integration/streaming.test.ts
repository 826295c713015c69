import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanUp, type GatewayProcess, startGateway, until } from './gateway-process.ts'

const mebibyte = 1024 * 1024
/** 1 GiB in the long run, enough to show the bound in the quick one. */
const largeBytes = (process.env.JOTGATE_LONG === undefined ? 256 : 1024) * mebibyte
/** Measured at 10 to 40: what is on its way, and what the collector has not come to. */
const growthBytesMax = 60 * mebibyte
/** More than all buffers between two ends hold, the kernel's included. */
const stallBytesMax = 48 * mebibyte

/** Bytes whose period is no power of two: a piece lost, doubled or moved shows. */
const pattern = randomBytes(65_521)
const twice = Buffer.concat([pattern, pattern])
const isPattern = (chunk: Buffer, at: number): boolean => {
  for (let from = 0; from < chunk.length; from += pattern.length) {
    const piece = chunk.subarray(from, from + pattern.length)
    const start = (at + from) % pattern.length
    if (!piece.equals(twice.subarray(start, start + piece.length))) return false
  }
  return true
}

/** Writes the pattern until so many bytes are written or the socket is gone; what was written so far is `written()`. */
function pour(socket: Socket, bytes: number): { readonly written: () => number } {
  let written = 0
  const go = (): void => {
    while (written < bytes && !socket.destroyed) {
      const start = written % pattern.length
      const piece = twice.subarray(start, start + Math.min(pattern.length, bytes - written))
      written += piece.length
      if (!socket.write(piece)) return
    }
  }
  socket.on('drain', go)
  go()
  return { written: () => written }
}

/** Hands on what follows the head of a message. */
function readBody(socket: Socket, started: () => void, content: (piece: Buffer) => void): void {
  let head: string | undefined = ''
  socket.on('data', (chunk) => {
    if (head === undefined) {
      content(chunk)
      return
    }
    head += chunk.toString('latin1')
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) return
    const bodyBytes = head.length - end - 4
    head = undefined
    started()
    if (bodyBytes > 0) content(chunk.subarray(chunk.length - bodyBytes))
  })
}

/** Checks that the body that comes is the pattern. */
function check(socket: Socket): { readonly read: () => number } {
  let read = 0
  readBody(
    socket,
    () => undefined,
    (piece) => {
      if (!isPattern(piece, read)) socket.destroy(new Error(`not what was sent, at ${read}`))
      read += piece.length
    },
  )
  return { read: () => read }
}

let upstream: Server
let onConnection: (socket: Socket) => void = () => undefined
let gateway: GatewayProcess
let workerPid: number

beforeAll(async () => {
  upstream = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined)
    onConnection(socket)
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const { port } = upstream.address() as AddressInfo
  gateway = await startGateway({
    workers: 1,
    config: {
      version: 1,
      apis: {
        a: { listen: { path: '/' }, upstream: { targets: [`http://127.0.0.1:${port}`] }, access: 'public' },
      },
    },
  })
  workerPid = (await gateway.status()).workers[0]?.pid ?? 0
})
afterAll(async () => {
  await cleanUp()
  upstream.close()
})

const residentBytes = (): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${workerPid}/status`, 'latin1'))?.[1]) * 1024

/** The most the worker grew while `work` went on. */
async function growthDuring(work: () => Promise<void>): Promise<number> {
  const before = residentBytes()
  let most = 0
  const watching = setInterval(() => {
    most = Math.max(most, residentBytes() - before)
  }, 20)
  await work()
  clearInterval(watching)
  return most
}

async function open(): Promise<Socket> {
  const socket = connect({ port: gateway.port, host: '127.0.0.1', noDelay: true })
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return socket
}

const answerHead = (bytes: number): string => `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${bytes}\r\n\r\n`

/** Sends `bytes` and gets them back, both at the same time. */
async function echo(bytes: number): Promise<void> {
  onConnection = (socket) => {
    readBody(
      socket,
      () => socket.write(answerHead(bytes)),
      (piece) => socket.write(piece) || socket.pause(),
    )
    socket.on('drain', () => socket.resume())
  }
  const socket = await open()
  socket.write(`PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n`)
  const { read } = check(socket)
  pour(socket, bytes)
  await until(() => read() === bytes || socket.destroyed, 120_000)
  expect(read()).toBe(bytes)
  socket.destroy()
}

describe('bodies stream', () => {
  it(`${largeBytes / mebibyte} MiB each way at once, byte for byte, in constant memory`, async () => {
    await echo(16 * mebibyte)
    const growth = await growthDuring(() => echo(largeBytes))
    expect(growth).toBeLessThan(growthBytesMax)
  }, 150_000)

  it('a caller that stops reading stops the upstream, and loses nothing', async () => {
    const bytes = 128 * mebibyte
    let written = (): number => 0
    onConnection = (socket) => {
      socket.once('data', () => {
        socket.write(answerHead(bytes))
        written = pour(socket, bytes).written
      })
    }
    const growth = await growthDuring(async () => {
      const socket = await open()
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      const stalled = await settled(() => written())
      expect(stalled).toBeGreaterThan(0)
      expect(stalled).toBeLessThan(stallBytesMax)
      const { read } = check(socket)
      await until(() => read() === bytes || socket.destroyed)
      expect(read()).toBe(bytes)
      socket.destroy()
    })
    expect(growth).toBeLessThan(growthBytesMax)
  })

  it.each([
    ['sized', `Content-Length: ${128 * mebibyte}`],
    ['chunked', 'Transfer-Encoding: chunked'],
  ])('an upstream that stops reading stops the caller of a %s body', async (kind, framing) => {
    let taken: Socket | undefined
    onConnection = (socket) => {
      taken = socket.pause()
    }
    const growth = await growthDuring(async () => {
      const socket = await open()
      socket.write(`PUT / HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`)
      if (kind === 'chunked') socket.write(`${(128 * mebibyte).toString(16)}\r\n`)
      const { written } = pour(socket, 128 * mebibyte)
      const stalled = await settled(written)
      expect(stalled).toBeGreaterThan(0)
      expect(stalled).toBeLessThan(stallBytesMax)
      taken?.resume()
      await until(() => written() === 128 * mebibyte)
      socket.destroy()
    })
    expect(growth).toBeLessThan(growthBytesMax)
  })
})

/** A number that is above 0 and has not changed for a while. */
async function settled(count: () => number): Promise<number> {
  let before = -1
  let since = Date.now()
  return until(() => {
    if (count() !== before) {
      before = count()
      since = Date.now()
    }
    return before > 0 && Date.now() - since > 400 && before
  })
}
