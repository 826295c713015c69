import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LenientProxy, startLenientProxy } from '../support/lenient-proxy.ts'
import { type StrictUpstream, startStrictUpstream } from '../support/strict-upstream.ts'
import { openWire } from '../support/wire-caller.ts'
import type { Row } from './row.ts'
import { rowClasses } from './row-classes.ts'

// What proves the suite: behind a proxy that hands on what it should refuse, the same rows must fail.

let upstream: StrictUpstream
let proxy: LenientProxy

beforeAll(async () => {
  upstream = await startStrictUpstream()
  proxy = await startLenientProxy(upstream.port)
})
afterAll(async () => {
  await proxy.close()
  await upstream.close()
})

/** Why a row is not what it should be at the upstream; undefined: nothing was noticed. */
async function caught({ bytes, reaches }: Row): Promise<string | undefined> {
  const [requests, faults] = [upstream.requests.length, upstream.faults.length]
  const wire = await openWire(proxy.port)
  wire.socket.end(bytes, 'latin1')
  await wire.closed
  wire.destroy()
  const arrived = upstream.requests.slice(requests).map(({ line, body }) => (body === '' ? line : `${line} ${body}`))
  if (upstream.faults.length > faults) return upstream.faults[faults]
  return arrived.join() === reaches.join() ? undefined : `arrived: ${arrived.join()}`
}

/** What nobody may call a fault: the rows no proxy has to touch. */
const honest: readonly string[] = [
  'a plain request',
  'a sized body',
  'a body of no bytes',
  'no body at all',
  'a chunked body',
  'two requests at once',
  'a body, and a request behind it',
  'a body that looks like a request',
  'ten at once',
  'HEAD',
  'DELETE',
]

/** Of a hundred rows of each class, at least so many are caught; the others are honest, or as the proxy's guess has it. */
const caughtPercentMin: Readonly<Record<string, number>> = {
  'request lines': 80,
  targets: 80,
  headers: 80,
  framings: 70,
  'several requests on one connection': 50,
  'versions and methods': 50,
  'lengths in disguise': 90,
  'codings in disguise': 95,
  'chunked bodies': 85,
  'request lines byte by byte': 95,
  hosts: 80,
  'names, values and line ends': 90,
}

describe('the strict reader behind a proxy that forgives everything', () => {
  it.each(rowClasses)('catches what passes of $name', async ({ name, rows }) => {
    const missed: string[] = []
    for (const row of rows) if ((await caught(row)) === undefined) missed.push(row.what)
    expect(missed.length, missed.join('\n')).toBeLessThan((rows.length * (100 - (caughtPercentMin[name] ?? 100))) / 100)
  })

  it.each(honest)('says nothing of an honest request: %s', async (what) => {
    const row = rowClasses.flatMap(({ rows }) => rows).find((each) => each.what === what)
    expect(row && (await caught(row))).toBeUndefined()
    expect(row).toBeDefined()
  })

  it('sees smuggled requests arrive as requests of their own', () => {
    const smuggled = upstream.requests.filter(({ target }) => target === '/open/smuggled')
    expect(smuggled.length).toBeGreaterThan(10)
  })
})
