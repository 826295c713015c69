import { expect, it } from 'vitest'
import { readServerName } from '../../src/proxy/listener/client-hello.ts'

// A first message may be cut into records of one byte, and these may come one by one.

/** A ClientHello that says it has 16,000 bytes, in as many records as have room before it is given up. */
const crumbs = Buffer.concat(
  Array.from({ length: 2700 }, (_, at) => Buffer.from([22, 3, 1, 0, 1, [1, 0, 0x3e, 0x80][at] ?? 0])),
)

it('a ClientHello in crumbs costs what its bytes cost, however often it is looked at', () => {
  const startedMs = performance.now()
  for (let piece = 1; piece <= 63; piece++) {
    expect(readServerName(crumbs.subarray(0, Math.floor((crumbs.length * piece) / 63)))).toBeUndefined()
  }
  expect(performance.now() - startedMs).toBeLessThan(1000)
})
