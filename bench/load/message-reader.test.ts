import { describe, expect, it } from 'vitest'
import { createMessageReader } from './message-reader.ts'

function statusesOf(chunks: readonly string[]): number[] {
  const statuses: number[] = []
  const read = createMessageReader((status) => statuses.push(status))
  for (const chunk of chunks) read(Buffer.from(chunk, 'latin1'))
  return statuses
}

const ok = 'HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 11\r\n\r\n{"ok":true}'
const refused = 'HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\nDate: today\r\n\r\nno'

describe('the reader of messages', () => {
  it('tells each answer of several in one chunk', () => {
    expect(statusesOf([ok + refused + ok + ok])).toEqual([200, 401, 200, 200])
  })

  it('reads answers wherever they are cut', () => {
    const text = ok + refused + ok
    for (let cut = 1; cut < text.length; cut++) {
      expect(statusesOf([text.slice(0, cut), text.slice(cut)]), `cut at ${cut}`).toEqual([200, 401, 200])
    }
    expect(statusesOf([...text])).toEqual([200, 401, 200])
  })

  it('tells an answer only when its body is whole', () => {
    expect(statusesOf([ok.slice(0, -1)])).toEqual([])
  })

  it('reads the length again where it differs in a head of the same size', () => {
    const one = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na'
    const two = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nbb'
    expect(statusesOf([one + two + one])).toEqual([200, 200, 200])
  })

  it('takes a message without a length for one without a body', () => {
    const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
    expect(statusesOf([request + request])).toHaveLength(2)
  })

  it('does not take the end of another name for the length', () => {
    expect(statusesOf([`HTTP/1.1 200 OK\r\nX-Content-Length: 5\r\n\r\n${ok}`])).toEqual([200, 200])
  })

  it('refuses what it cannot read: chunks, and heads without an end', () => {
    expect(() => statusesOf(['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'])).toThrow('chunks')
    expect(() => statusesOf(['x'.repeat(70_000)])).toThrow('without an end')
  })
})
