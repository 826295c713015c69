import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blockBytesMax, ResponseParser } from './response-parser.ts'

interface Read {
  readonly status: number | undefined
  readonly headers: readonly string[]
  readonly body: string
  readonly state: string
  readonly fault: string | undefined
  readonly surplus: number
  readonly steps: number
}

function read(pieces: readonly string[], options: { toHead?: boolean; finish?: boolean } = {}): Read {
  const parser = new ResponseParser()
  parser.begin(options.toHead ?? false)
  let body = ''
  let state = 'more'
  let seen = false
  for (const piece of pieces) {
    const chunk = Buffer.from(piece, 'latin1')
    state = parser.push(chunk)
    if (parser.headEnded) seen = true
    for (let i = 0; i < parser.ranges.length; i += 2) {
      body += chunk.toString('latin1', parser.ranges[i], parser.ranges[i + 1])
    }
    if (state === 'faulted') break
  }
  if (options.finish && state === 'more') state = parser.finish()
  return {
    status: seen ? parser.head.status : undefined,
    headers: seen ? parser.head.rawHeaders : [],
    body,
    state,
    fault: state === 'faulted' ? parser.fault : undefined,
    surplus: parser.surplusBytes,
    steps: parser.steps,
  }
}

const ok = 'HTTP/1.1 200 OK\r\n'
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`

describe('an answer is read by its framing (RFC 9112 6.3)', () => {
  it('takes a sized body and its raw headers as sent, in order, trimmed', () => {
    const answer = read([`${ok}X-A: 1\r\nx-a:\t2 \r\nContent-Length: 5\r\n\r\nhello`])
    expect(answer).toMatchObject({ state: 'ended', status: 200, body: 'hello', surplus: 0 })
    expect(answer.headers).toEqual(['X-A', '1', 'x-a', '2', 'Content-Length', '5'])
  })

  it('takes a chunked body, drops its extensions and keeps its trailers apart', () => {
    const parser = new ResponseParser()
    parser.begin(false)
    expect(parser.push(Buffer.from(`${chunked}5;a="b"\r\nhello\r\n00A\r\n, worlds!!\r\n0\r\nSum: 7\r\n\r\n`))).toBe(
      'ended',
    )
    expect(parser.ranges.length).toBe(4)
    expect(parser.trailers).toEqual(['Sum', '7'])
  })

  it('takes a body that ends with the connection and does not reuse the connection', () => {
    const parser = new ResponseParser()
    parser.begin(false)
    expect(parser.push(Buffer.from(`${ok}\r\nabc`))).toBe('more')
    expect(parser.head.persistent).toBe(false)
    expect(parser.finish()).toBe('ended')
  })

  it.each([
    ['HEAD', `${ok}Content-Length: 9\r\n\r\n`, true],
    ['HEAD of a chunked resource', chunked, true],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', false],
    ['204 with a zero length', 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n', false],
    ['304 with the length of what it stands for', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', false],
    ['an empty reason without its space', 'HTTP/1.1 204\r\n\r\n', false],
  ])('ends %s with its head', (_name, bytes, toHead) => {
    expect(read([bytes], { toHead })).toMatchObject({ state: 'ended', body: '', surplus: 0 })
  })

  it('drops up to eight interim answers', () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
    expect(read([`${interim.repeat(8)}HTTP/1.1 204 No\r\n\r\n`])).toMatchObject({ state: 'ended', status: 204 })
    expect(read([`${interim.repeat(9)}HTTP/1.1 204 No\r\n\r\n`]).fault).toBe('too_many_interim')
  })

  it('counts bytes after the message', () => {
    expect(read([`${ok}Content-Length: 1\r\n\r\nab`])).toMatchObject({ state: 'ended', body: 'a', surplus: 1 })
    expect(read([`${ok}Content-Length: 1\r\n\r\na`, 'HTTP/1.1'])).toMatchObject({ state: 'ended', surplus: 8 })
    expect(read([`${chunked}0\r\n\r\nx`])).toMatchObject({ state: 'ended', surplus: 1 })
  })

  it.each([
    ['HTTP/1.1 200 OK\r\n', true],
    ['HTTP/1.1 200 OK\r\nConnection: close\r\n', false],
    ['HTTP/1.1 200 OK\r\nConnection: foo, Close\r\n', false],
    ['HTTP/1.1 200 OK\r\nConnection: closed\r\n', true],
    ['HTTP/1.0 200 OK\r\n', false],
    ['HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n', true],
    ['HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\n', false],
  ])('knows from %j whether the connection lives on (RFC 9112 9.3)', (head, persistent) => {
    const parser = new ResponseParser()
    parser.begin(false)
    parser.push(Buffer.from(`${head}Content-Length: 0\r\n\r\n`))
    expect(parser.head.persistent).toBe(persistent)
  })

  it.each([
    ['timeout=5', 5],
    ['max=100, timeout=75', 75],
    ['timeout=x', undefined],
    ['', undefined],
  ])('reads the hint of Keep-Alive: %s', (content, seconds) => {
    const parser = new ResponseParser()
    parser.begin(false)
    parser.push(Buffer.from(`${ok}Keep-Alive: ${content}\r\nContent-Length: 0\r\n\r\n`))
    expect(parser.head.keepAliveSeconds).toBe(seconds)
  })
})

const refused: readonly (readonly [string, string, string])[] = [
  ['status_line', 'HTTP/2 200 OK\r\n\r\n', 'another protocol'],
  ['status_line', 'SSH-2.0-OpenSSH\r\n', 'no HTTP at all'],
  ['status_line', '\r\nHTTP/1.1 200 OK\r\n\r\n', 'an empty line first'],
  ['status_line', 'HTTP/1.1  200 OK\r\n\r\n', 'two spaces'],
  ['status_line', 'HTTP/1.1 20 OK\r\n\r\n', 'two digits'],
  ['status_line', 'HTTP/1.1 2000 OK\r\n\r\n', 'four digits'],
  ['status_line', 'HTTP/1.1 +20 OK\r\n\r\n', 'a sign'],
  ['status_line', 'HTTP/1.1 200 O\0K\r\n\r\n', 'a control byte in the reason'],
  ['version', 'HTTP/1.2 200 OK\r\n\r\n', 'HTTP/1.2'],
  ['status', 'HTTP/1.1 099 X\r\n\r\n', 'a status under 100'],
  ['status', 'HTTP/1.1 600 X\r\n\r\n', 'a status over 599'],
  ['upgrade_not_asked', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n', 'a 101 nobody asked for'],
  ['bare_lf', 'HTTP/1.1 200 OK\n\n', 'LF alone'],
  ['status_line', 'HTTP/1.1 200 OK\nA: b\r\n\r\n', 'LF alone after the status line'],
  ['header_value', `${ok}A: b\nContent-Length: 5\r\n\r\nhello`, 'LF alone between fields'],
  ['header_value', `${ok}A: b\rC: d\r\n\r\n`, 'CR alone'],
  ['header_value', `${ok}A: b\0\r\n\r\n`, 'NUL in a value'],
  ['header_value', `${ok}A: b\x7f\r\n\r\n`, 'DEL in a value'],
  ['header_name', `${ok}A: b\r\n c\r\n\r\n`, 'a folded line'],
  ['header_name', `${ok}A : b\r\n\r\n`, 'a space before the colon'],
  ['header_name', `${ok}: b\r\n\r\n`, 'an empty name'],
  ['header_name', `${ok}A\r\n\r\n`, 'no colon'],
  ['header_name', `${ok}\xc4: b\r\n\r\n`, 'a name outside ASCII'],
  ['too_many_headers', `${ok}${'A: b\r\n'.repeat(257)}\r\n`, '257 fields'],
  ['head_too_large', `${ok}A: ${'b'.repeat(65 * 1024)}\r\n\r\n`, 'a head of 65 KiB'],
  ['head_too_large', `${ok}A: ${'b'.repeat(65 * 1024)}`, 'a head over 64 KiB without an end'],
  ['both_framings', `${ok}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 'both framings'],
  ['transfer_encoding', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n`, 'a second coding'],
  ['transfer_encoding', `${ok}Transfer-Encoding: identity\r\n\r\n`, 'identity'],
  ['transfer_encoding', `${ok}Transfer-Encoding: xchunked\r\n\r\n`, 'almost chunked'],
  ['transfer_encoding', `${ok}Transfer-Encoding:\r\n\r\n`, 'an empty coding'],
  ['transfer_encoding', `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`, 'chunked twice'],
  ['transfer_encoding', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'chunked in HTTP/1.0'],
  ['content_length', `${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 'two lengths'],
  ['content_length', `${ok}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`, 'one length twice'],
  ['content_length', `${ok}Content-Length: 1, 1\r\n\r\n`, 'a list of lengths'],
  ['content_length', `${ok}Content-Length: +1\r\n\r\n`, 'a signed length'],
  ['content_length', `${ok}Content-Length: 0x1\r\n\r\n`, 'a hexadecimal length'],
  ['content_length', `${ok}Content-Length: 1 1\r\n\r\n`, 'a length with a space'],
  ['content_length', `${ok}Content-Length:\r\n\r\n`, 'an empty length'],
  ['content_length', `${ok}Content-Length: 9999999999999999\r\n\r\n`, 'a length past 15 digits'],
  ['body_not_allowed', 'HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello', '204 with a body'],
  ['body_not_allowed', 'HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n', '204 with a coding'],
  ['body_not_allowed', 'HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\nhello', '304 with a body'],
  ['body_not_allowed', 'HTTP/1.1 100 Go\r\nContent-Length: 5\r\n\r\nhello', '100 with a body'],
  ['chunk_size', `${chunked}\r\n`, 'no chunk size'],
  ['chunk_size', `${chunked}5 \r\nhello`, 'a space after the size'],
  ['chunk_size', `${chunked}0x5\r\nhello`, 'a prefix before the size'],
  ['chunk_size', `${chunked}-5\r\nhello`, 'a signed size'],
  ['chunk_size', `${chunked}000000005\r\nhello`, 'nine digits of size'],
  ['chunk_size', `${chunked}5\nhello`, 'LF alone after the size'],
  ['chunk_size', `${chunked}5\r\rhello`, 'CR twice after the size'],
  ['chunk_extension', `${chunked}5;a\0\r\nhello`, 'NUL in an extension'],
  ['chunk_extension', `${chunked}5;${'a'.repeat(17 * 1024)}`, 'extensions over 16 KiB'],
  ['chunk_end', `${chunked}5\r\nhelloX\r\n`, 'a chunk longer than its size'],
  ['chunk_end', `${chunked}5\r\nhello\n0`, 'LF alone after a chunk'],
  ['trailer', `${chunked}0\r\nA : b\r\n\r\n`, 'a bad trailer'],
  ['trailer', `${chunked}0\r\n\rX`, 'CR alone where the message ends'],
  ['trailer', `${chunked}0\r\nA: ${'b'.repeat(65 * 1024)}\r\n\r\n`, 'trailers over 64 KiB'],
]

describe('S14: an answer that is not framed beyond doubt is refused', () => {
  it.each(refused)('as %s: %j is %s', (fault, bytes) => {
    const answer = read([bytes])
    expect(answer.fault).toBe(fault)
    expect(answer.body).toBe('')
  })

  it('body_not_allowed: HEAD with a body', () => {
    expect(read([`${ok}Content-Length: 5\r\n\r\nhello`], { toHead: true }).fault).toBe('body_not_allowed')
  })

  it.each(['', 'HTTP/1.1 2', `${ok}Content-Length: 5\r\n\r\nhell`, `${chunked}5\r\nhello\r\n`, `${chunked}0\r\n\r`])(
    'truncated: %j and then the end',
    (bytes) => {
      expect(read([bytes], { finish: true }).fault).toBe('truncated')
    },
  )
})

const answers = fc.oneof(
  fc
    .tuple(fc.string({ maxLength: 300 }), fc.integer({ min: 0, max: 3 }))
    .map(
      ([body, interims]) =>
        `${'HTTP/1.1 100 Go\r\n\r\n'.repeat(interims)}${ok}Content-Length: ${Buffer.byteLength(body, 'latin1')}\r\n\r\n${body}`,
    ),
  fc.array(fc.string({ minLength: 1, maxLength: 60 }), { maxLength: 8 }).map((parts) => {
    const body = parts.map((part) => `${part.length.toString(16)};x=y\r\n${part}\r\n`).join('')
    return `${chunked}${body}0\r\n${parts.length % 2 ? 'Sum: 1\r\n' : ''}\r\n`
  }),
  fc.constantFrom(...refused.map(([, bytes]) => bytes).filter((bytes) => bytes.length < 5000)),
  fc.constantFrom(`${ok}\r\nuntil the end`, 'HTTP/1.1 304 No\r\n\r\n', `${ok}Content-Length: 2\r\n\r\nabsurplus`),
)

describe('an answer reads the same however it was cut', () => {
  it('yields one message, or one refusal, for every division', () => {
    fc.assert(
      fc.property(answers, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (bytes, sizes) => {
        const whole = read([bytes], { finish: true })
        const pieces: string[] = []
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] ?? 1
          pieces.push(bytes.slice(at, at + size))
          at += size
        }
        const cut = read(pieces, { finish: true })
        // What follows an answer without a body is known in time only when it came along; else it is surplus.
        if (whole.fault === 'body_not_allowed' && cut.state === 'ended') expect(cut.surplus).toBeGreaterThan(0)
        else if (whole.state === 'faulted') expect(cut.state).toBe('faulted')
        else expect({ ...cut, steps: 0 }).toEqual({ ...whole, steps: 0 })
      }),
      { numRuns: 3000 },
    )
  })

  it.each([
    ['one field', (n: number) => `${ok}A: ${'b'.repeat(n)}\r\nContent-Length: 0\r\n\r\n`],
    ['chunks of one byte', (n: number) => `${chunked}${'1\r\nx\r\n'.repeat(n / 8)}0\r\n\r\n`],
    ['trailers', (n: number) => `${chunked}0\r\nA: ${'b'.repeat(n)}\r\n\r\n`],
  ])('takes work in proportion to %s, whole or byte by byte', (_name, build) => {
    for (const cut of [(text: string) => [text], (text: string) => text.split('')]) {
      const once = read(cut(build(10_000)))
      const twice = read(cut(build(20_000)))
      expect(twice.state).toBe('ended')
      expect(twice.steps).toBeLessThan(once.steps * 2.1)
    }
  })

  it('takes a head of exactly 64 KiB', () => {
    const frame = `${ok}A: \r\nContent-Length: 0\r\n\r\n`
    const bytes = frame.replace('A: ', `A: ${'b'.repeat(blockBytesMax - frame.length)}`)
    expect(read([bytes]).state).toBe('ended')
    expect(read([bytes.slice(0, 9), bytes.slice(9, 40_000), bytes.slice(40_000)]).state).toBe('ended')
    expect(read([bytes.replace('A: ', 'A: b')]).fault).toBe('head_too_large')
  })
})
