import { request as requestHttp } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request as requestHttps } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { Transport } from './cases.ts'
import { keyExchange } from './key-exchange.ts'

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

/** The certificate is the benchmark's own. */
const trusting = { rejectUnauthorized: false, ecdhCurve: keyExchange } as const
const timeoutMs = 5_000
/**
 * A body waits so long for an answer to the head alone. HAProxy refuses by the head and closes; a body written meanwhile
 * fails with EPIPE, and Node then throws the answer away unread.
 */
const headAloneMs = 100

/**
 * One request over a connection of its own, as the case's callers speak. Whatever fails once the answer's head is there takes
 * nothing from the answer but what is missing of its body.
 */
export function ask(question: Question): Promise<Asked> {
  return question.transport === 'h2' ? askHttp2(question) : askHttp1(question)
}

function askHttp1({ port, transport, path, headers, body }: Question): Promise<Asked> {
  const isTls = transport !== 'http'
  const method = body.length > 0 ? 'POST' : 'GET'
  const length = body.length > 0 ? { 'content-length': String(body.length) } : {}
  const asked = { host: '127.0.0.1', port, path, method, headers: { ...headers, ...length } }
  const options = { ...asked, agent: false, timeout: timeoutMs }
  return new Promise((resolve, reject) => {
    const sent = isTls ? requestHttps({ ...options, ...trusting }) : requestHttp(options)
    sent.flushHeaders()
    const sending = setTimeout(() => sent.end(body), body.length > 0 ? headAloneMs : 0)
    let tell: (() => void) | undefined
    sent.on('error', (error) => (tell === undefined ? reject(error) : tell()))
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    sent.once('close', () => clearTimeout(sending))
    sent.once('response', (response) => {
      clearTimeout(sending)
      const chunks: Buffer[] = []
      const handshake = isTls ? handshakeOf(response.socket as TLSSocket) : undefined
      tell = () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks), handshake })
        sent.destroy()
      }
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', tell)
      response.once('end', tell)
    })
  })
}

function askHttp2({ port, path, headers, body }: Question): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`https://127.0.0.1:${port}`, trusting)
    const stream = session.request({ ':method': body.length > 0 ? 'POST' : 'GET', ':path': path, ...headers })
    const chunks: Buffer[] = []
    let tell: (() => void) | undefined
    const fail = (error: Error): void => (tell === undefined ? reject(error) : tell())
    session.on('error', fail)
    stream.on('error', fail)
    session.setTimeout(timeoutMs, () => session.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    stream.once('response', (head) => {
      const handshake = handshakeOf(session.socket as TLSSocket)
      tell = () => {
        resolve({ status: head[':status'] ?? 0, body: Buffer.concat(chunks), handshake })
        session.close()
      }
      stream.once('end', tell)
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    // A GET has ended already.
    if (body.length > 0) stream.end(body)
  })
}

function handshakeOf(socket: TLSSocket): string {
  const group = socket.getEphemeralKeyInfo()
  const exchange = group !== null && 'name' in group ? group.name : 'no key exchange'
  return `${socket.getProtocol()} ${socket.getCipher().standardName} ${exchange}`
}
