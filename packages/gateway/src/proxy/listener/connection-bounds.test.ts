import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createConnectionBounds } from './connection-bounds.ts'

class FakeSocket extends EventEmitter {
  destroyed = false
  readonly remoteAddress: string | undefined

  constructor(remoteAddress: string | undefined) {
    super()
    this.remoteAddress = remoteAddress
  }

  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
}

function bounded(connections: number, connectionsPerAddress: number) {
  const counts = { connections: 0, connectionsPerAddress: 0 }
  const told: string[] = []
  const bounds = createConnectionBounds({
    limits: () => ({ connections, connectionsPerAddress }),
    isTrustedProxy: (address) => address === '192.0.2.1',
    counts,
    onRefused: (bound, address) => told.push(`${bound} ${address}`),
  })
  /** Whether a connection from there is let in; what it is closed by. */
  const open = (address: string | undefined): FakeSocket => {
    const socket = new FakeSocket(address)
    // Of a socket only its address and its end are looked at.
    bounds.take(socket as unknown as Socket)
    return socket
  }
  return { counts, told, open }
}

describe('S15: bounds on connections', () => {
  it('one beyond the bound is closed at once, counted and told; one that ends makes room', () => {
    const { counts, told, open } = bounded(2, 10)
    const first = open('198.51.100.1')
    open('198.51.100.2')
    expect(open('198.51.100.3').destroyed).toBe(true)
    expect(counts).toEqual({ connections: 1, connectionsPerAddress: 0 })
    expect(told).toEqual(['connections 198.51.100.3'])
    first.destroy()
    expect(open('198.51.100.3').destroyed).toBe(false)
  })

  it('an address has a bound of its own, an IPv6 caller its /64, and both forms of an IPv4 address are one', () => {
    const { counts, open } = bounded(100, 2)
    const pairs = [
      ['198.51.100.1', '::ffff:198.51.100.1', '198.51.100.1', '198.51.100.2'],
      ['2001:db8::1', '2001:db8::ffff:1', '2001:db8:0:0:5::1', '2001:db8:0:1::1'],
    ]
    for (const [one, same, third, other] of pairs) {
      expect([open(one), open(same), open(third), open(other)].map(({ destroyed }) => destroyed)).toEqual([
        false,
        false,
        true,
        false,
      ])
    }
    expect(counts).toEqual({ connections: 0, connectionsPerAddress: 2 })
  })

  it('trusted proxies bring the callers of many addresses: only the bound on all connections holds for them', () => {
    const { counts, open } = bounded(3, 1)
    expect([1, 2, 3, 4].map(() => open('192.0.2.1').destroyed)).toEqual([false, false, false, true])
    expect(counts).toEqual({ connections: 1, connectionsPerAddress: 0 })
  })

  it('a connection that is gone before it is looked at counts for nothing', () => {
    const { counts, open } = bounded(1, 1)
    expect(open(undefined).destroyed).toBe(true)
    expect(open('198.51.100.1').destroyed).toBe(false)
    expect(counts).toEqual({ connections: 0, connectionsPerAddress: 0 })
  })
})
