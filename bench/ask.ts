import { request as requestHttp } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request as requestHttps } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { Transport } from './cases.ts'

export interface Asked {
  readonly status: number
  readonly body: Buffer
  /** Protocol, cipher and key exchange; undefined without TLS. */
  readonly handshake: string | undefined
}

export interface Question {
  readonly port: number
  readonly transport: Transport
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** A body makes it a POST. */
  readonly body: Buffer
}

const timeoutMs = 5_000

/** One request over a connection of its own, as the case's callers speak. */
export function ask(question: Question): Promise<Asked> {
  return question.transport === 'h2' ? askHttp2(question) : askHttp1(question)
}

function askHttp1({ port, transport, path, headers, body }: Question): Promise<Asked> {
  const method = body.length > 0 ? 'POST' : 'GET'
  const options = { host: '127.0.0.1', port, path, method, headers, agent: false, timeout: timeoutMs }
  return new Promise((resolve, reject) => {
    const isTls = transport !== 'http'
    // The certificate is the benchmark's own.
    const sent = isTls ? requestHttps({ ...options, rejectUnauthorized: false }) : requestHttp(options)
    sent.once('error', reject)
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    sent.once('response', (response) => {
      const chunks: Buffer[] = []
      const handshake = isTls ? handshakeOf(response.socket as TLSSocket) : undefined
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks), handshake }))
    })
    sent.end(body)
  })
}

function askHttp2({ port, path, headers, body }: Question): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
    session.once('error', reject)
    session.setTimeout(timeoutMs, () => session.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    const stream = session.request({ ':method': body.length > 0 ? 'POST' : 'GET', ':path': path, ...headers })
    const chunks: Buffer[] = []
    let status = 0
    stream.once('error', reject)
    stream.once('response', (head) => {
      status = head[':status'] ?? 0
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('end', () => {
      const handshake = handshakeOf(session.socket as TLSSocket)
      session.close()
      resolve({ status, body: Buffer.concat(chunks), handshake })
    })
    // A GET has ended already.
    if (body.length > 0) stream.end(body)
  })
}

function handshakeOf(socket: TLSSocket): string {
  const group = socket.getEphemeralKeyInfo()
  const exchange = group !== null && 'name' in group ? group.name : 'no key exchange'
  return `${socket.getProtocol()} ${socket.getCipher().standardName} ${exchange}`
}
