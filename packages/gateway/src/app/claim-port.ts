import { type AddressInfo, createServer } from 'node:net'
import type { Result } from '../domain/result.ts'
import { err, ok } from '../domain/result.ts'
import type { ListenerPlace } from './start-options.ts'

/**
 * Binds the port alone for a moment, before workers share it: several gateways sharing one port without knowing would
 * each get a part of the callers. Answers the port taken (for 0), or a sentence for the operator.
 */
export function claimPort(address: string, port: number): Promise<Result<number, string>> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(err(explainBind(error.code, address, port))))
    server.listen({ host: address, port, exclusive: true }, () => {
      const { port: taken } = server.address() as AddressInfo
      server.close(() => resolve(ok(taken)))
    })
  })
}

/** Claims one after the other; answers the places with the ports taken, or why the first that fails does. */
export async function claimPorts(places: readonly ListenerPlace[]): Promise<Result<readonly ListenerPlace[], string>> {
  const claimed: ListenerPlace[] = []
  for (const place of places) {
    const port = await claimPort(place.address, place.port)
    if (!port.ok) return port
    claimed.push({ ...place, port: port.value })
  }
  return ok(claimed)
}

/** Why an address and port cannot be listened on, and a way out. */
export function explainBind(code: string | undefined, address: string, port: number): string {
  const place = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  switch (code) {
    case 'EADDRINUSE':
      return `${place} is taken by another program; stop that one, or choose another port`
    case 'EACCES':
      return `${place} may not be listened on by this user; choose a port above 1023, or grant CAP_NET_BIND_SERVICE`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${address} is not an address of this machine; 0.0.0.0 and :: listen on all of them`
    default:
      return `${place} cannot be listened on (${code ?? 'unknown error'})`
  }
}
