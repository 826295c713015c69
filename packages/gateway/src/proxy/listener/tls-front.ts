import { createHash, type X509Certificate } from 'node:crypto'
import { createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net'
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type TLSSocket,
  type Server as TlsServer,
} from 'node:tls'
import { chooseByName } from '../../domain/server-names.ts'
import type { CallerTls } from '../exchange.ts'
import { readServerName } from './client-hello.ts'
import type { TlsMaterial } from './tls-material.ts'

/** What became of connections to a TLS port; counts grow for ever. */
export interface TlsCounts {
  handshakes: number
  /** Of those, sessions that were resumed. */
  resumed: number
  /** Broken off, too old a version, nothing in common, or not finished in time. */
  failed: number
  /** Plain HTTP, answered in plain words. */
  plain: number
  /** Connections ended for a client certificate that was missing or not believed. */
  certificatesRefused: number
}

export interface TlsFrontPorts {
  readonly material: TlsMaterial
  /** 48 bytes that seal session tickets. */
  readonly ticketKey: Buffer
  readonly counts: TlsCounts
  readonly onHttp1: (socket: TLSSocket, tls: CallerTls) => void
  /** Undefined: HTTP/2 is not offered. */
  readonly onHttp2: ((socket: TLSSocket, tls: CallerTls) => void) | undefined
  /** Why a connection never came to a request: OpenSSL's or our own code, never what was sent. */
  readonly onFailure: (code: string) => void
}

/** The door of a TLS port: takes connections, has the handshakes done, hands them on by protocol. */
export interface TlsFront {
  readonly server: NetServer
  /** For handshakes that begin from now on; connections that are open stay as they are. */
  readonly use: (material: TlsMaterial) => void
  readonly useTicketKey: (key: Buffer) => void
  /** Ends connections whose time is up. */
  readonly sweep: () => void
  /** Ends connections that have not said a word. */
  readonly closeSilent: () => void
  readonly closeAll: () => void
}

/** What a caller is granted for its first message, and again to the end of the handshake (S15). */
const handshakeMs = 10_000
/** What a caller that speaks plain HTTP is granted to read why it is turned away. */
const plainLingerMs = 1_000

/** A first message in more pieces than this is left to OpenSSL, and shown the first certificate. */
const piecesMax = 64
const noBytes = Buffer.alloc(0)

const plainText = 'This port speaks TLS: ask again with https://\n'

interface Untaken {
  /** When its time is up. */
  untilMs: number
  /** What it has sent of its first message, and in how many pieces. */
  bytes: Buffer
  pieces: number
  isTurnedAway: boolean
}

export function createTlsFront(ports: TlsFrontPorts): TlsFront {
  const { counts } = ports
  /** Every connection, whatever became of it, to be ended at the drain deadline. */
  const open = new Set<Socket>()
  /** Connections that TLS has not taken over. */
  const untaken = new Map<Socket, Untaken>()
  let ticketKey = ports.ticketKey
  let { material } = ports
  let current = createServers(ports, material, ticketKey)

  function forget(this: Socket): void {
    const state = untaken.get(this)
    open.delete(this)
    untaken.delete(this)
    // One that never said a word is somebody's probe.
    if (state === undefined || state.pieces === 0 || state.isTurnedAway) return
    counts.failed += 1
    ports.onFailure('client_hello_unfinished')
  }

  function take(this: Socket): void {
    const state = untaken.get(this)
    const piece: Buffer | null = this.read()
    if (piece === null || state === undefined) return
    state.bytes = state.pieces === 0 ? piece : Buffer.concat([state.bytes, piece])
    state.pieces += 1
    if (looksLikePlainHttp(state.bytes)) {
      this.off('readable', take)
      turnAway(this, state)
      return
    }
    const name = state.pieces < piecesMax ? readServerName(state.bytes) : ''
    if (name === undefined) return
    this.off('readable', take)
    untaken.delete(this)
    this.unshift(state.bytes)
    const server = current[chooseByName(material.names, name) ?? 0]
    server?.emit('connection', this)
  }

  function turnAway(socket: Socket, state: Untaken): void {
    counts.plain += 1
    ports.onFailure('plain_http')
    state.isTurnedAway = true
    state.untilMs = Date.now() + plainLingerMs
    socket.resume()
    socket.end(plainAnswer())
  }

  const server = createNetServer({ noDelay: true }, (socket) => {
    open.add(socket)
    untaken.set(socket, { untilMs: Date.now() + handshakeMs, bytes: noBytes, pieces: 0, isTurnedAway: false })
    socket.on('error', ignore)
    socket.on('close', forget)
    socket.on('readable', take)
  })

  return {
    server,
    use: (next) => {
      material = next
      current = createServers(ports, next, ticketKey)
    },
    useTicketKey: (key) => {
      ticketKey = key
      for (const one of current) one.setTicketKeys(key)
    },
    sweep: () => {
      const nowMs = Date.now()
      for (const [socket, { untilMs }] of untaken) if (untilMs <= nowMs) socket.destroy()
    },
    closeSilent: () => {
      for (const [socket, { pieces }] of untaken) if (pieces === 0) socket.destroy()
    },
    closeAll: () => {
      for (const socket of open) socket.destroy()
    },
  }
}

/**
 * A server for each choice of certificates. They never listen themselves: connections are handed to them, by the name
 * that was read before. (Node 20 puts the certificate of an `SNICallback` beside those it had, and a caller that
 * prefers their kind of key is shown the wrong one.)
 */
function createServers(ports: TlsFrontPorts, material: TlsMaterial, ticketKey: Buffer): readonly TlsServer[] {
  return material.contexts.map((context) => createTls(ports, material, context, ticketKey))
}

function createTls(
  ports: TlsFrontPorts,
  { plan, names }: TlsMaterial,
  context: SecureContextOptions,
  ticketKey: Buffer,
): TlsServer {
  const { counts, onHttp1, onHttp2 } = ports
  const server = createTlsServer({
    ...context,
    ticketKeys: ticketKey,
    ALPNProtocols: plan.http2 && onHttp2 !== undefined ? ['h2', 'http/1.1'] : ['http/1.1'],
    handshakeTimeout: handshakeMs,
    requestCert: plan.clientCertificate !== 'none',
    // Judged below in one place: Node takes a resumed TLS 1.3 session without any certificate for an authorised one.
    rejectUnauthorized: false,
  })
  server.on('secureConnection', (socket: TLSSocket) => {
    counts.handshakes += 1
    if (socket.isSessionReused()) counts.resumed += 1
    socket.disableRenegotiation()
    const certificate = plan.clientCertificate === 'none' ? undefined : socket.getPeerX509Certificate()
    if (plan.clientCertificate !== 'none' && !isBelieved(socket, certificate, plan.clientCertificate)) {
      counts.certificatesRefused += 1
      ports.onFailure(certificate === undefined ? 'client_certificate_missing' : 'client_certificate_refused')
      socket.on('error', ignore)
      socket.destroy()
      return
    }
    const serverName = typeof socket.servername === 'string' ? socket.servername.toLowerCase() : ''
    const tls: CallerTls = { serverName, names, clientCertificate: certificate && thumbprint(certificate) }
    if (socket.alpnProtocol === 'h2' && onHttp2 !== undefined) onHttp2(socket, tls)
    else onHttp1(socket, tls)
  })
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    counts.failed += 1
    ports.onFailure(error.code ?? 'unknown')
    // Out of time, the connection is only told of.
    socket.destroy()
  })
  return server
}

/** A resumed session brings back the verdict of its first handshake, so the certificate's end is looked at again. */
function isBelieved(socket: TLSSocket, certificate: X509Certificate | undefined, mode: 'request' | 'require'): boolean {
  if (certificate === undefined) return mode === 'request'
  return socket.authorized && Date.now() <= Date.parse(certificate.validTo)
}

function thumbprint(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.raw).digest('base64url')
}

/** A TLS record begins with its type, 20 to 24 (RFC 8446 5.1); a method or an empty line with other characters. */
function looksLikePlainHttp(first: Buffer): boolean {
  const byte = first[0] ?? 0
  return byte === 0x0a || byte === 0x0d || (byte >= 0x41 && byte <= 0x7a)
}

function plainAnswer(): string {
  return [
    'HTTP/1.1 400 Bad Request',
    `Date: ${new Date().toUTCString()}`,
    'Content-Type: text/plain; charset=utf-8',
    'Cache-Control: no-store',
    'Connection: close',
    `Content-Length: ${plainText.length}`,
    '',
    plainText,
  ].join('\r\n')
}

function ignore(): void {}
