import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { err, type Result } from '../domain/result.ts'
import { chooseAddresses } from './choose-addresses.ts'
import type { FetchFault } from './fetch-fault.ts'
import type { FetchAnswer, FetchRequest, GuardedFetch } from './fetch-request.ts'
import { type FetchTarget, isSameOrigin, readTarget, usualPort } from './read-target.ts'
import { sendRequest } from './send-request.ts'

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
