import { randomBytes } from 'node:crypto'
import type { ConnectionOptions } from 'node:tls'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientHello } from '../../../test/support/client-hello.ts'
import { readServerName } from './client-hello.ts'

/** The same message in records of `length` bytes. */
function inRecords(hello: Buffer, length: number): Buffer {
  const records: Buffer[] = []
  for (let at = 5; at < hello.length; at += length) {
    const part = hello.subarray(at, at + length)
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 0xff]), part)
  }
  return Buffer.concat(records)
}

describe('the name in a ClientHello', async () => {
  const hello = await clientHello({ servername: 'Shop.Example', ALPNProtocols: ['h2', 'http/1.1'] })

  it.each<readonly [string, ConnectionOptions, string]>([
    ['TLS 1.3', { servername: 'a.example', minVersion: 'TLSv1.3' }, 'a.example'],
    ['TLS 1.2', { servername: 'a.example', maxVersion: 'TLSv1.2' }, 'a.example'],
    ['many extensions', { servername: 'a.example', ALPNProtocols: Array(200).fill('x'.repeat(20)) }, 'a.example'],
    ['no name', { servername: '' }, ''],
  ])('as OpenSSL writes it: %s', async (_name, options, name) => {
    expect(readServerName(await clientHello(options))).toBe(name)
  })

  it('is known at the last byte and not before, however the bytes come', () => {
    for (let length = 0; length < hello.length; length++) {
      expect(readServerName(hello.subarray(0, length))).toBeUndefined()
    }
    expect(readServerName(hello)).toBe('shop.example')
    expect(readServerName(Buffer.concat([hello, randomBytes(50)]))).toBe('shop.example')
  })

  it.each([1, 3, 4, 5, 100])('is read from records of %i bytes', (length) => {
    const cut = inRecords(hello, length)
    expect(readServerName(cut)).toBe('shop.example')
    expect(readServerName(cut.subarray(0, -1))).toBeUndefined()
  })

  it.each<readonly [string, Buffer]>([
    ['another record', Buffer.from([21, 3, 3, 0, 2, 2, 40])],
    ['another message', Buffer.from([22, 3, 3, 0, 4, 2, 0, 0, 0])],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0])],
    ['a record that is too long', Buffer.from([22, 3, 1, 255, 255])],
    ['a message that is too long', Buffer.from([22, 3, 1, 0, 10, 1, 255, 255, 255, 3, 3, 0, 0, 0, 0])],
    ['an empty message', Buffer.from([22, 3, 1, 0, 4, 1, 0, 0, 0])],
  ])('%s is none', (_name, bytes) => {
    expect(readServerName(bytes)).toBe('')
  })

  it('whatever the bytes are, they are answered with a name, with none, or with a wish for more', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(hello.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.nat(hello.length),
        (changes, length) => {
          const bytes = Buffer.from(hello)
          for (const [at, value] of changes) bytes[at] = value
          const name = readServerName(bytes.subarray(0, length))
          expect(name === undefined || typeof name === 'string').toBe(true)
        },
      ),
      { numRuns: 5000 },
    )
  })
})
