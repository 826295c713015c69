import type { Socket } from 'node:net'
import { addressGroup } from '../../domain/address-group.ts'
import { plainAddress } from '../head/client-address.ts'

/** How many connections of callers are open at once (S15). One for all listeners of a worker. */
export interface ConnectionBounds {
  /** Counts a connection until it closes, or ends it at once when it is one too many. */
  readonly take: (socket: Socket) => void
}

export interface ConnectionBoundsPorts {
  /** This worker's part of both bounds; one per worker at the least. */
  readonly limits: () => { readonly connections: number; readonly connectionsPerAddress: number }
  /** Proxies bring the callers of many addresses: only the bound on all connections holds for them. */
  readonly isTrustedProxy: (address: string) => boolean
  readonly counts: RefusedConnections
  readonly onRefused: (bound: keyof RefusedConnections, address: string) => void
}

/** Connections closed at once, by the bound they were beyond; they grow for ever. */
export interface RefusedConnections {
  connections: number
  connectionsPerAddress: number
}

export function createConnectionBounds(ports: ConnectionBoundsPorts): ConnectionBounds {
  const groups = new Map<Socket, string>()
  const openByGroup = new Map<string, number>()

  function refuse(socket: Socket, bound: keyof RefusedConnections, address: string): void {
    ports.counts[bound] += 1
    ports.onRefused(bound, address)
    socket.destroy()
  }

  function closed(this: Socket): void {
    const group = groups.get(this) ?? exempt
    groups.delete(this)
    if (group === exempt) return
    const left = (openByGroup.get(group) ?? 1) - 1
    if (left === 0) openByGroup.delete(group)
    else openByGroup.set(group, left)
  }

  function take(socket: Socket): void {
    // node:http gets a connection again after a request on it that asked for an upgrade.
    if (groups.has(socket)) return
    const { remoteAddress } = socket
    // Gone before it was looked at.
    if (remoteAddress === undefined) {
      socket.destroy()
      return
    }
    const { connections, connectionsPerAddress } = ports.limits()
    const address = plainAddress(remoteAddress)
    const group = ports.isTrustedProxy(address) ? exempt : addressGroup(address)
    const open = openByGroup.get(group) ?? 0
    if (groups.size >= connections) refuse(socket, 'connections', address)
    else if (open >= connectionsPerAddress) refuse(socket, 'connectionsPerAddress', address)
    else {
      groups.set(socket, group)
      if (group !== exempt) openByGroup.set(group, open + 1)
      socket.on('close', closed)
    }
  }

  return { take }
}

/** Stands for no group. */
const exempt = ''
