import { describe, expect, it } from 'vitest'
import { http2Headers } from './http2-headers.ts'

describe('the header list of an answer over HTTP/2', () => {
  it('has names in small letters and nothing that speaks of a connection', () => {
    const raw = ['Content-Type', 'a/b', 'Connection', 'close', 'Keep-Alive', 'x', 'Transfer-Encoding', 'chunked']
    expect({ ...http2Headers(200, raw) }).toEqual({ ':status': 200, 'content-type': 'a/b' })
  })

  it('two lines of one name become one value, but cookies and challenges stay apart', () => {
    const raw = ['ETag', 'a', 'etag', 'b', 'Set-Cookie', 'a=1', 'set-cookie', 'b=2', 'set-cookie', 'c=3']
    expect({ ...http2Headers(undefined, raw) }).toEqual({ etag: 'a, b', 'set-cookie': ['a=1', 'b=2', 'c=3'] })
    expect(http2Headers(401, ['www-authenticate', 'A', 'WWW-Authenticate', 'B'])['www-authenticate']).toEqual([
      'A',
      'B',
    ])
  })

  it('a name that means something to JavaScript is a name', () => {
    expect(Object.keys(http2Headers(undefined, ['__proto__', 'x', 'constructor', 'y']))).toEqual([
      '__proto__',
      'constructor',
    ])
  })
})
