import { type IncomingMessage, request as requestPlain } from 'node:http'
import { type RequestOptions, request as requestSecure } from 'node:https'
import { isIP, isIPv6, type LookupFunction } from 'node:net'
import { err, ok, type Result } from '../domain/result.ts'
import type { FetchFault } from './fetch-fault.ts'
import type { FetchAnswer, FetchRequest } from './fetch-request.ts'
import { type FetchTarget, readTarget } from './read-target.ts'

type Settle = (result: Result<FetchAnswer, FetchFault>) => void

const headerBytesMax = 16 * 1024

/**
 * Sends one request to one of the given addresses and settles with the answer or the first fault. Returns what ends the
 * exchange at once; to be called after settling, too.
 */
export function sendRequest(
  target: FetchTarget,
  addresses: readonly string[],
  request: FetchRequest,
  ca: string | undefined,
  settle: Settle,
): () => void {
  const options: RequestOptions = {
    method: request.method ?? 'GET',
    host: target.host,
    port: target.port,
    path: target.path,
    headers: { ...request.headers, host: target.authority },
    // A fresh agent: no kept connection, no resumed TLS session, no proxy of the environment.
    agent: false,
    lookup: onlyThese(addresses),
    insecureHTTPParser: false,
    maxHeaderSize: headerBytesMax,
  }
  const sending = target.secure
    ? requestSecure({
        ...options,
        minVersion: 'TLSv1.2',
        rejectUnauthorized: true,
        servername: isIP(target.host) === 0 ? target.host : '',
        ...(ca === undefined ? {} : { ca }),
      })
    : requestPlain(options)

  let stage: 'connect_failed' | 'tls_failed' | 'answer_broken' = 'connect_failed'
  sending.on('socket', (socket) => {
    socket.once('connect', () => {
      stage = target.secure ? 'tls_failed' : 'answer_broken'
    })
    socket.once('secureConnect', () => {
      stage = 'answer_broken'
    })
  })
  const fail = (error?: NodeJS.ErrnoException): void => settle(err({ code: stage, detail: error?.code ?? 'closed' }))
  sending.on('error', fail)
  sending.on('close', () => fail())
  sending.on('response', (response) => receive(response, request.bodyBytesMax, settle))
  sending.end(request.body)
  return () => {
    sending.destroy()
  }
}

/** Answers the connection's look-up with what was checked, so that nothing is looked up twice (DNS rebinding). */
function onlyThese(addresses: readonly string[]): LookupFunction {
  const records = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
  return (host, options, callback) => {
    const [first] = records
    if (first === undefined) throw new Error(`no checked address for ${host}`)
    if (options.all === true) callback(null, records)
    else callback(null, first.address, first.family)
  }
}

function receive(response: IncomingMessage, bodyBytesMax: number, settle: Settle): void {
  const status = response.statusCode ?? 0
  response.on('error', (error: NodeJS.ErrnoException) =>
    settle(err({ code: 'answer_broken', detail: error.code ?? 'closed' })),
  )
  const refused = refuseHead(status, response, bodyBytesMax)
  if (refused !== undefined) {
    settle(err(refused))
    return
  }

  const chunks: Buffer[] = []
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > bodyBytesMax) settle(err({ code: 'body_too_large', bodyBytesMax }))
    else chunks.push(chunk)
  })
  response.on('end', () => settle(ok({ status, headers: flatten(response), body: Buffer.concat(chunks) })))
}

function refuseHead(status: number, response: IncomingMessage, bodyBytesMax: number): FetchFault | undefined {
  const { location, 'content-encoding': encoding, 'content-length': length } = response.headers
  if (status >= 300 && status < 400 && status !== 304) {
    return { code: 'redirected', status, location: location === undefined ? undefined : placeOf(location) }
  }
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return { code: 'encoded', encoding: encoding.replace(/[^\w, -]/g, '?').slice(0, 40) }
  }
  return Number(length ?? 0) > bodyBytesMax ? { code: 'body_too_large', bodyBytesMax } : undefined
}

/** A redirect's goal as far as it may be logged: no query, which can carry secrets. */
function placeOf(location: string): string | undefined {
  const target = readTarget(location)
  if (!target.ok) return undefined
  const { secure, authority, path } = target.value
  return `${secure ? 'https' : 'http'}://${authority}${path.split('?')[0]}`
}

function flatten(response: IncomingMessage): Readonly<Record<string, string | undefined>> {
  const headers: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(response.headers)) {
    if (typeof value === 'string') headers[name] = value
  }
  return headers
}
