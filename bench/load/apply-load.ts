import type { BenchCase } from '../cases.ts'
import type { Load } from './load.ts'
import { runGenerator } from './run-generator.ts'
import { type Rotation, saturate } from './saturate.ts'

/** What a case sends, and to whom. */
export interface LoadOptions {
  readonly benchCase: BenchCase
  readonly port: number
  readonly path: string
  readonly tokenFile: string
  readonly seconds: number
  /** Requests in flight. */
  readonly connections: number
  readonly cpu: number
  /** The token to begin with, counted from 0. */
  readonly startAt: number
  readonly rotation: Rotation | undefined
}

/** The load of a case, by the generator that can do it: wrk where it can, one of our own else. */
export function applyLoad(options: LoadOptions): Promise<Load> {
  const { benchCase, port, path, tokenFile, seconds, connections, cpu, startAt, rotation } = options
  const { transport, body, rpsMax } = benchCase
  const isOwn = transport === 'h2' || transport === 'https-new' || rpsMax !== undefined
  if (!isOwn) {
    // An address is no name to ask for over TLS (RFC 6066 3).
    const url = `${transport}://${transport === 'https' ? 'localhost' : '127.0.0.1'}:${port}${path}`
    return saturate({ url, tokenFile, seconds, connections, cpu, startAt, rotation })
  }
  return runGenerator(transport === 'h2' ? 'http2' : 'http1', cpu, {
    ...{ port, path, tokenFile, startAt, seconds, rpsMax },
    inFlight: connections,
    isNewEach: transport === 'https-new',
    bodyBytes: body.upBytes,
  })
}
