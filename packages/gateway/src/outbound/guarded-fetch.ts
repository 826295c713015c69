import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { err, type Result } from '../domain/result.ts'
import { chooseAddresses } from './choose-addresses.ts'
import type { FetchFault } from './fetch-fault.ts'
import { type FetchTarget, isSameOrigin, readTarget, usualPort } from './read-target.ts'
import { sendRequest } from './send-request.ts'

/** One request to a URL that came from configuration, a user or another server. */
export interface FetchRequest {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  /** Lower-case names. Never Host, Accept-Encoding or anything of framing. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** For everything together: name look-up, connection, handshake, answer. */
  readonly timeoutMs: number
  readonly bodyBytesMax: number
  /** `operator`: written in the operator's own configuration; `learnt`: another server named it. */
  readonly trust: 'operator' | 'learnt'
  readonly allowInsecureHttp: boolean
  /** Private networks (CIDR) that a learnt URL may lie in. */
  readonly allowPrivate: readonly string[]
  /** A URL of the operator's; a learnt URL of the same scheme, host and port counts as the operator's too. */
  readonly sameOriginAs?: string
}

export interface FetchAnswer {
  readonly status: number
  /** Lower-case names; a repeated field is joined or its first kept, as Node does. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}

/** Fetches once, under every guard of S6. Never rejects for what the far side does. */
export type GuardedFetch = (request: FetchRequest) => Promise<Result<FetchAnswer, FetchFault>>

export interface GuardedFetchPorts {
  /** All addresses of a host name; rejects with an error that has a `code` (`systemResolve`). */
  readonly resolve: (host: string) => Promise<readonly string[]>
  /** Runs once after the delay unless the returned function is called first. */
  readonly setTimer: (run: () => void, delayMs: number) => () => void
  /** Certificate authorities in PEM that replace the system's. */
  readonly ca?: string
}

/**
 * The one client for URLs that came from outside: looks a name up once and connects to the address it checked, follows
 * no redirect, sends no credentials of its own, knows no proxy, keeps no connection, and bounds time and bytes (S6).
 */
export function createGuardedFetch(ports: GuardedFetchPorts): GuardedFetch {
  return (request) => {
    const target = readTarget(request.url)
    if (!target.ok) return Promise.resolve(target)
    const operators = request.trust === 'operator' || isOperatorsOrigin(target.value, request.sameOriginAs)
    const refused = refuseTarget(target.value, operators, request)
    if (refused !== undefined) return Promise.resolve(err(refused))

    return new Promise((resolve, reject) => {
      let abort = (): void => {}
      let settled = false
      const settle = (result: Result<FetchAnswer, FetchFault>): void => {
        if (settled) return
        settled = true
        cancel()
        abort()
        resolve(result)
      }
      const cancel = ports.setTimer(
        () => settle(err({ code: 'timed_out', timeoutMs: request.timeoutMs })),
        request.timeoutMs,
      )
      const connect = async (): Promise<void> => {
        const found = await addressesOf(target.value.host, ports)
        if (settled) return
        if (!found.ok) return settle(found)
        const chosen = chooseAddresses(target.value.host, found.value, {
          operators,
          allowPrivate: request.allowPrivate,
        })
        if (!chosen.ok) return settle(chosen)
        abort = sendRequest(target.value, chosen.value, request, ports.ca, settle)
      }
      connect().catch((error: unknown) => {
        cancel()
        reject(error)
      })
    })
  }
}

/** The system's resolver (`/etc/hosts`, then DNS). */
export async function systemResolve(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}

function isOperatorsOrigin(target: FetchTarget, url: string | undefined): boolean {
  const operators = url === undefined ? undefined : readTarget(url)
  return operators?.ok === true && isSameOrigin(target, operators.value)
}

function refuseTarget(target: FetchTarget, operators: boolean, request: FetchRequest): FetchFault | undefined {
  if (!target.secure && !request.allowInsecureHttp) return { code: 'insecure_refused' }
  if (!operators && target.port !== usualPort(target.secure)) return { code: 'port_refused', port: target.port }
  return undefined
}

async function addressesOf(host: string, ports: GuardedFetchPorts): Promise<Result<readonly string[], FetchFault>> {
  if (isIP(host) !== 0) return { ok: true, value: [host] }
  try {
    return { ok: true, value: await ports.resolve(host) }
  } catch (error) {
    return err({ code: 'name_unresolved', host, detail: String((error as NodeJS.ErrnoException).code) })
  }
}
