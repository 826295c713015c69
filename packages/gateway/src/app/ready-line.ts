import type { ListenerPlace } from './start-options.ts'

/** Where a gateway that has started is found. */
export interface Ready {
  /** Of the first listener. */
  readonly address: string
  readonly port: number
  /** All of them, the first too. */
  readonly listeners: readonly ListenerPlace[]
  readonly adminAddress: string
  readonly adminPort: number
  readonly pid: number
  readonly workers: number
  readonly generation: number
}

/** The URL of an address and port; an address that means all is spelled as loopback, which always leads here. */
export function toUrl(address: string, port: number, scheme: 'http' | 'https' = 'http'): string {
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The one line that says all workers serve. */
export function formatReady(ready: Ready, format: 'pretty' | 'json', nowMs: number): string {
  if (format === 'json') {
    return `${JSON.stringify({ time: new Date(nowMs).toISOString(), level: 'info', event: 'ready', ...ready })}\n`
  }
  const workers = ready.workers === 1 ? '1 worker' : `${ready.workers} workers`
  const listeners = ready.listeners.map(({ address, port, tls }) => toUrl(address, port, tls ? 'https' : 'http'))
  const places = `${listeners.join(', ')}, admin ${toUrl(ready.adminAddress, ready.adminPort)}`
  return `jotgate is ready on ${places} (pid ${ready.pid}, ${workers}, generation ${ready.generation})\n`
}
