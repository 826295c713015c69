import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AccessEntry, createAccessLog } from './access-log.ts'

const forwarded: AccessEntry = {
  atMs: 1_795_435_384_567,
  decisionId: '0123456789abcdef0123456789abcdef-1',
  outcome: 'forwarded',
  reason: undefined,
  status: 200,
  method: 'GET',
  path: '/orders/17',
  api: 'orders',
  application: undefined,
  route: 'apis.orders.routes[0]',
  subject: 'AbCdEfGhIjKlMnOpQrStUv',
  issuer: 'acme',
  peer: '127.0.0.1',
  client: '203.0.113.9',
  bytesIn: 0,
  bytesOut: 5120,
  durationMs: 12.3456,
  upstreamMs: 11.02,
  target: '127.0.0.1:9000',
  ended: undefined,
}

const refused: AccessEntry = {
  ...forwarded,
  outcome: 'refused',
  reason: 'token_expired',
  status: 401,
  path: '/demo',
  api: 'demo',
  route: undefined,
  subject: undefined,
  issuer: undefined,
  client: forwarded.peer,
  durationMs: 0.4,
  upstreamMs: -1,
  target: undefined,
}

function lineOf(entry: AccessEntry, format: 'json' | 'pretty', colour = false): string {
  const lines: string[] = []
  createAccessLog({ writer: { write: (line) => lines.push(line) }, format, colour }).record(entry)
  expect(lines).toHaveLength(1)
  return lines[0] ?? ''
}

describe('access log', () => {
  it('writes one JSON object a line, in a fixed order, without what is not known', () => {
    expect(lineOf(forwarded, 'json')).toBe(
      '{"time":"2026-11-23T12:03:04.567Z","decision":"0123456789abcdef0123456789abcdef-1","outcome":"forwarded","status":200,' +
        '"method":"GET","path":"/orders/17","api":"orders","issuer":"acme","route":"apis.orders.routes[0]",' +
        '"subject":"AbCdEfGhIjKlMnOpQrStUv","peer":"127.0.0.1","client":"203.0.113.9","bytesIn":0,"bytesOut":5120,"durationMs":12.346,"upstreamMs":11.020,' +
        '"target":"127.0.0.1:9000"}\n',
    )
    expect(JSON.parse(lineOf(refused, 'json'))).toEqual({
      time: '2026-11-23T12:03:04.567Z',
      decision: refused.decisionId,
      outcome: 'refused',
      reason: 'token_expired',
      status: 401,
      method: 'GET',
      path: '/demo',
      api: 'demo',
      peer: '127.0.0.1',
      bytesIn: 0,
      bytesOut: 5120,
      durationMs: 0.4,
    })
  })

  it('tells a person at a terminal how to ask why', () => {
    expect(lineOf(refused, 'pretty')).toMatch(
      /^\d\d:03:04\.567 401 GET \/demo +token_expired +demo +0\.4ms {2}explain: jotgate explain 0123456789abcdef0123456789abcdef-1\n$/,
    )
    expect(lineOf(forwarded, 'pretty')).toMatch(/ 200 GET \/orders\/17 +-> 127\.0\.0\.1:9000 +orders +12\.3ms\n$/)
    expect(lineOf(refused, 'pretty', true)).toContain('\u001b[33m401\u001b[0m')
  })

  it('keeps requests apart that share some of their parts', () => {
    const lines: string[] = []
    const log = createAccessLog({ writer: { write: (line) => lines.push(line) }, format: 'json', colour: false })
    const entries = [
      forwarded,
      { ...forwarded, method: 'POST' },
      { ...forwarded, issuer: undefined, route: undefined },
      { ...forwarded, api: undefined, issuer: undefined },
      { ...refused, status: 200 },
      { ...refused, reason: 'bad_path' as const, path: undefined },
      forwarded,
    ]
    for (const entry of entries) log.record(entry)
    const read = lines.map((line) => JSON.parse(line))
    for (const [index, { outcome, reason, status, method, path, api, issuer, route }] of entries.entries()) {
      // JSON has no undefined: a member that is not known is absent.
      const wanted = JSON.parse(JSON.stringify({ outcome, reason, status, method, path, api, issuer, route }))
      expect(read[index]).toMatchObject(wanted)
      for (const name of ['reason', 'path', 'api', 'issuer', 'route']) expect(name in read[index]).toBe(name in wanted)
    }
  })

  it('spells every second and millisecond right while it reuses what it spelled before', () => {
    const lines: string[] = []
    const log = createAccessLog({ writer: { write: (line) => lines.push(line) }, format: 'json', colour: false })
    const times = [1_795_435_384_567, 1_795_435_384_999, 1_795_435_385_000, 1_795_435_384_001, 1_795_435_385_040.7]
    for (const atMs of times) log.record({ ...forwarded, atMs })
    expect(lines.map((line) => JSON.parse(line).time)).toEqual(
      times.map((ms) => new Date(Math.floor(ms)).toISOString()),
    )
  })
})

describe('S23 every string of an access line is escaped', () => {
  const text = fc.string({ unit: 'binary', maxLength: 700 })

  it('keeps a line one line of valid JSON, or of plain text, whatever method, path and addresses hold', () => {
    fc.assert(
      fc.property(text, text, text, text, fc.constantFrom('json' as const, 'pretty' as const), (a, b, c, d, format) => {
        const line = lineOf({ ...forwarded, method: a, path: b, peer: c, client: d, target: a }, format)
        expect(line.indexOf('\n')).toBe(line.length - 1)
        expect(line.slice(0, -1)).not.toMatch(/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u)
        if (format === 'json') expect(Object.keys(JSON.parse(line))[0]).toBe('time')
      }),
    )
  })
})
