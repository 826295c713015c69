import type { LookupAddress } from 'node:dns'
import { connect, isIP, type OnReadOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls'
import type { TargetPlan } from '../../compile/plan.ts'
import type { TlsUpstream } from './secure-contexts.ts'
import { isTargetAddress } from './target-address.ts'

/** Resolves a host name to every address it has. */
export type Lookup = (
  host: string,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export interface DialPorts {
  readonly lookup: Lookup
  /** What TLS targets of an upstream are verified by and shown. */
  readonly secureContext: (upstream: TlsUpstream) => SecureContext
}

/** Takes what a socket read: the count and the shared buffer, valid until it returns. */
export type ReadBytes = (bytes: number, buffer: Uint8Array) => boolean

export interface DialUser {
  readonly dialed: (socket: Socket) => void
  /** `fault` is a code such as `ECONNREFUSED`, `CERT_HAS_EXPIRED` or `address not allowed`. */
  readonly dialFailed: (fault: string) => void
}

/**
 * Every upstream socket of the process reads into this one buffer: a read is handed on and copied before the next one
 * can start, and small answers cost no allocation of 64 KiB.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024)

const closedEarly: NodeJS.ErrnoException = Object.assign(new Error('closed'), { code: 'ECONNRESET' })

/**
 * One attempt to reach a target: the name is resolved once, each address is judged (S14) and tried in turn. Waiting is
 * bounded by `deadlineMs`, which the pool's sweep watches.
 */
export class Dial {
  readonly deadlineMs: number
  private readonly target: TargetPlan
  private readonly upstream: TlsUpstream
  private readonly ports: DialPorts
  private readonly user: DialUser
  /** Undefined: whoever gets the socket reads it in its own way. */
  private readonly read: ReadBytes | undefined
  private addresses: string[] = []
  private socket: Socket | undefined
  private over = false

  constructor(
    target: TargetPlan,
    upstream: TlsUpstream,
    ports: DialPorts,
    deadlineMs: number,
    user: DialUser,
    read?: ReadBytes,
  ) {
    this.target = target
    this.upstream = upstream
    this.ports = ports
    this.deadlineMs = deadlineMs
    this.user = user
    this.read = read
  }

  private get isTls(): boolean {
    return this.target.kind === 'tls' || this.target.kind === 'h2'
  }

  start(): void {
    const { kind, host } = this.target
    if (kind === 'unix') {
      this.open(undefined)
      return
    }
    if (isIP(host) !== 0) {
      this.tryAddresses([host])
      return
    }
    this.ports.lookup(host, (error, found) => {
      if (this.over) return
      if (error !== null) this.fail(error.code ?? 'lookup failed')
      else this.tryAddresses(found.map((entry) => entry.address))
    })
  }

  abort(): void {
    this.over = true
    this.socket?.destroy()
  }

  /** Bytes before the handshake was over: whatever they are, they answer no request. */
  spokeFirst(): void {
    if (!this.over) this.fail('spoke first')
  }

  private tryAddresses(addresses: readonly string[]): void {
    this.addresses = addresses.filter(isTargetAddress)
    const first = this.addresses.shift()
    if (first === undefined) this.fail('address not allowed')
    else this.open(first)
  }

  private open(address: string | undefined): void {
    const socket = this.isTls ? this.openTls(address ?? '') : this.openPlain(address)
    this.socket = socket
    const fail = (error: NodeJS.ErrnoException): void => {
      if (this.over || this.socket !== socket) return
      this.socket = undefined
      const next = this.addresses.shift()
      if (next === undefined) this.fail(error.code ?? 'connect failed')
      else this.open(next)
    }
    socket.once('error', fail)
    // A server may close politely in the middle of a handshake.
    const closed = (): void => fail(closedEarly)
    socket.once('close', closed)
    socket.once(this.isTls ? 'secureConnect' : 'connect', () => {
      if (this.over) return
      if (this.target.kind === 'h2' && (socket as TLSSocket).alpnProtocol !== 'h2') {
        this.fail('no h2')
        return
      }
      this.over = true
      socket.off('error', fail)
      socket.off('close', closed)
      this.user.dialed(socket)
    })
  }

  private openPlain(address: string | undefined): Socket {
    if (address === undefined) return connect({ path: this.target.host, ...this.onread() })
    return connect({ host: address, port: this.target.port, noDelay: true, ...this.onread() })
  }

  /** Verified against the name in the configuration, or the address when the configuration names one (RFC 6125). */
  private openTls(address: string): Socket {
    const { port } = this.target
    const host = this.upstream.tls?.serverName ?? this.target.host
    const options: ConnectionOptions & { onread?: OnReadOpts } = {
      host: address,
      port,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: [this.target.kind === 'h2' ? 'h2' : 'http/1.1'],
      secureContext: this.ports.secureContext(this.upstream),
      rejectUnauthorized: true,
      ...this.onread(),
    }
    const socket = connectTls(options)
    socket.setNoDelay(true)
    return socket
  }

  private onread(): { onread?: OnReadOpts } {
    return this.read === undefined ? {} : { onread: { buffer: readBuffer, callback: this.read } }
  }

  private fail(fault: string): void {
    this.over = true
    this.socket?.destroy()
    this.user.dialFailed(fault)
  }
}
