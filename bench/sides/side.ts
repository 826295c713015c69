import type { ChildProcess } from 'node:child_process'
import { createServer } from 'node:net'
import { ask } from '../ask.ts'
import type { BenchCase, Transport } from '../cases.ts'
import type { Rotation } from '../load/saturate.ts'

/** One of the gateways compared, running. `own` is Jotgate too, in the other of the two cases compared. */
export interface RunningSide {
  readonly name: 'jotgate' | 'haproxy' | 'nginx' | 'own'
  readonly port: number
  /** Root of its process tree. */
  readonly pid: number
  /** How the keys of its issuer rotate; undefined where they do not. */
  readonly rotation: Rotation | undefined
  /** Token cache look-ups so far; undefined for a side that has no cache. */
  readonly cacheLookups: () => Promise<{ readonly hits: number; readonly misses: number } | undefined>
  readonly stop: () => Promise<void>
}

export interface SideOptions {
  readonly benchCase: BenchCase
  readonly cpu: number
  readonly upstreamPort: number
  /** PEM of the public key, or the shared secret. */
  readonly keyFile: string
  /** The same of every key, in order. */
  readonly keyFiles: readonly string[]
  /** A folder of this run. */
  readonly folder: string
}

/** Where connections are meant to be idle, no side closes one that is so for less than this. */
export const idleSeconds = 600

/** A port free right now on loopback. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** Ends a child and waits until it is gone. */
export function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    const force = setTimeout(() => child.kill('SIGKILL'), 5_000)
    child.once('exit', () => {
      clearTimeout(force)
      resolve()
    })
    child.kill('SIGTERM')
  })
}

/** Waits until something answers on the port. */
export async function answering(port: number, timeoutMs: number, transport: Transport = 'http'): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      await ask({ port, transport, path: '/api/x', headers: {}, body: Buffer.alloc(0) })
      return
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`nothing answers on port ${port}`, { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
