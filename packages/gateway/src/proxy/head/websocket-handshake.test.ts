import { describe, expect, it } from 'vitest'
import { acceptFor, handshakeKey, upgradeFault } from './websocket-handshake.ts'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const good: readonly (readonly [string, string])[] = [
  ['Host', 'x'],
  ['Connection', 'keep-alive, Upgrade'],
  ['Upgrade', 'WebSocket'],
  ['Sec-WebSocket-Key', key],
  ['Sec-WebSocket-Version', '13'],
]
const keyOf = (lines: readonly (readonly [string, string])[], method = 'GET', version = '1.1'): string | undefined =>
  handshakeKey(method, version, lines.flat())
const changed = (name: string, value: string): readonly (readonly [string, string])[] =>
  good.map(([each, before]) => [each, each === name ? value : before])

describe('handshakeKey', () => {
  it('is the key of a handshake, whatever the case of its words', () => {
    expect(keyOf(good)).toBe(key)
    expect(keyOf(good.map(([name, value]) => [name.toLowerCase(), value]))).toBe(key)
    expect(keyOf([...good, ['Content-Length', '0']])).toBe(key)
    expect(
      keyOf([...good.filter(([name]) => name !== 'Connection'), ['Connection', 'close'], ['Connection', 'upgrade']]),
    ).toBe(key)
  })

  it.each(good.slice(1).map(([name]) => name))('is none without %s, and without its right value', (name) => {
    expect(keyOf(good.filter(([each]) => each !== name))).toBeUndefined()
    for (const value of ['', 'x', '12', 'websocket,websocket', ` ${key}`]) {
      expect(keyOf(changed(name, value))).toBeUndefined()
    }
  })

  it.each(['Upgrade', 'Sec-WebSocket-Key', 'Sec-WebSocket-Version'])('is none with two of %s', (name) => {
    const value = good.find(([each]) => each === name)?.[1] ?? ''
    expect(keyOf([...good, [name, value]])).toBeUndefined()
    expect(keyOf([...good, [name.replaceAll('-', '_').toUpperCase(), value]])).toBeUndefined()
  })

  it('is none for another method or version, or with a body', () => {
    for (const method of ['HEAD', 'POST', 'CONNECT', 'get']) expect(keyOf(good, method)).toBeUndefined()
    for (const version of ['1.0', '2.0']) expect(keyOf(good, 'GET', version)).toBeUndefined()
    for (const framing of [
      ['Content-Length', '1'],
      ['Transfer-Encoding', 'chunked'],
    ] as const) {
      expect(keyOf([...good, framing])).toBeUndefined()
    }
  })

  it('is none that is not 16 bytes in their one form', () => {
    for (const bad of ['AAAA', `${'A'.repeat(23)}=`, `${'A'.repeat(21)}B==`, `${'A'.repeat(20)}-_==`, 'A'.repeat(24)]) {
      expect(keyOf(changed('Sec-WebSocket-Key', bad))).toBeUndefined()
    }
  })
})

describe('upgradeFault', () => {
  const agreed = [
    'Upgrade',
    'websocket',
    'Connection',
    'Upgrade',
    'Sec-WebSocket-Accept',
    's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  ]

  it('is none for the answer of RFC 6455 1.3', () => {
    expect(acceptFor(key)).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
    expect(upgradeFault(key, agreed)).toBeUndefined()
  })

  it('tells an answer to another handshake, and one that switches to something else', () => {
    expect(upgradeFault('AAAAAAAAAAAAAAAAAAAAAA==', agreed)).toBe('upgrade_accept')
    expect(upgradeFault(key, [...agreed, 'sec-websocket-accept', 'x'])).toBe('upgrade_accept')
    expect(upgradeFault(key, agreed.slice(0, 4))).toBe('upgrade_accept')
    expect(upgradeFault(key, agreed.slice(2))).toBe('upgrade_protocol')
    expect(upgradeFault(key, [...agreed, 'Upgrade', 'h2c'])).toBe('upgrade_protocol')
    expect(
      upgradeFault(
        key,
        agreed.map((each) => (each === 'Upgrade' ? 'X' : each)),
      ),
    ).toBe('upgrade_protocol')
  })
})
