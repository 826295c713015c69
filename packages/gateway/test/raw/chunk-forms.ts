import { readBy } from '../support/read-by.ts'
import { bytesOf, eachEnds, eachPasses, post, posted, type Row, range, type Shape, several, smuggled } from './row.ts'

const chunked = (body: string): string => post('Transfer-Encoding: chunked\r\n', body)
const closed = (body: string): string => post('Transfer-Encoding: chunked\r\n', body, '/closed/x')

/** What some server takes for a chunk size of 5 (RFC 9112 7.1: hex digits, nothing else). */
const notSizes: readonly string[] = [
  ...[
    '',
    ' ',
    '+5',
    '-5',
    '-0',
    '0x5',
    '0X5',
    '5h',
    'x5',
    ' 5',
    '\t5',
    '5.0',
    '5,5',
    '5_0',
    '5 5',
    '"5"',
    "'5'",
    '%35',
  ],
  ...[
    'g',
    'five',
    '5\0',
    '5\x0b',
    '5\x0c',
    '\x005',
    '\x0b5',
    '5\x7f',
    '5\xa0',
    '\xa05',
    '\xb5',
    '\xef\xbc\x95',
    '5\x01',
  ],
  ...['10000000000000000', '10000000000000005', 'fffffffffffffffff', 'F'.repeat(40), '5\r', '5\r\r', '5:', '5=', '5/'],
]

const sizes: readonly Shape[] = [
  ['a first size', (value) => chunked(`${value}\r\nhello\r\n0\r\n\r\n`)],
  ['a second size', (value) => chunked(`1\r\nx\r\n${value}\r\nhello\r\n0\r\n\r\n`)],
]

/** Line ends of chunk lines, bodies and the end that are not CRLF. */
const lineEnds: readonly Shape[] = [
  ['the end of a size line', (value) => chunked(`5${value}hello\r\n0\r\n\r\n`)],
  ['the end of a chunk', (value) => chunked(`5\r\nhello${value}0\r\n\r\n`)],
  ['the end of the last size line', (value) => chunked(`5\r\nhello\r\n0${value}\r\n`)],
  ['the end of an extension', (value) => chunked(`5;a=b${value}hello\r\n0\r\n\r\n`)],
  ['the end of a trailer', (value) => chunked(`0\r\nX-A: b${value}X-B: c\r\n\r\n`)],
]

/** Bytes no chunk extension may hold (RFC 9112 7.1.1). */
const extensionBytes: readonly string[] = bytesOf(...range(0, 8), 0x0a, 0x0b, 0x0c, 0x0d, ...range(0x0e, 0x1f), 0x7f)

/** Framing behind the content: nobody knows which message it frames. */
const framingTrailers: readonly string[] = [
  ...['Content-Length: 5', 'Content-Length: 0', 'content-length: x', 'Content-Length:', 'Transfer-Encoding: chunked'],
  ...['Transfer-Encoding: identity', 'TRANSFER-ENCODING: gzip, chunked', 'X-A: b\r\nContent-Length: 5'],
]

const trailerNames: readonly string[] = [
  ...['Host: evil.test', 'Authorization: Bearer x', 'Cookie: a=b', 'Connection: Host', 'Expect: x'],
  ...['X-Forwarded-For: 6.6.6.6', 'Forwarded: for=6.6.6.6', 'X-Original-URL: /x', 'X-HTTP-Method-Override: PUT'],
  ...[
    'Remote-User: root',
    'Jotgate-Decision: forged',
    'X-Auth-Request-User: root',
    'Content-Type: a/b',
    'Range: bytes=0-',
  ],
  ...['Content_Length: 5', 'Transfer.Encoding: chunked', 'TE: trailers', 'Trailer: X', 'Upgrade: h2c', 'Via: 1.1 x'],
  ...['Set-Cookie: a=b', 'Content-Encoding: gzip', 'If-Match: *', 'Cache-Control: no-store', 'DPoP: x', 'Origin: x'],
]

/** Chunked bodies: sizes, line ends, extensions and trailers (RFC 9112 7.1). */
export const chunkForms: readonly Row[] = [
  ...eachEnds(notSizes, sizes),
  ...eachEnds(['\n', '\r', '\n\r', '\r\r\n', '\0\r\n', '\x0b\r\n', '\n\n', '\r\n\n'], lineEnds),
  ...eachEnds(['', ' ', 'x', 'x\r\n'], lineEnds.slice(0, 3)),
  ...eachEnds(extensionBytes, [
    ['a byte in an extension name', (value) => chunked(`5;a${value}b\r\nhello\r\n0\r\n\r\n`)],
    ['a byte in an extension value', (value) => chunked(`5;a="b${value}c"\r\nhello\r\n0\r\n\r\n`)],
  ]),
  ...eachPasses(
    ['5', '05', '0005', '000000000000005'],
    [
      ['a size is written anew', (value) => chunked(`${value}\r\nhello\r\n0\r\n\r\n`)],
      ['a size under an extension', (value) => chunked(`${value};a=b\r\nhello\r\n00\r\n\r\n`)],
    ],
    `${posted} hello`,
  ),
  ...eachPasses(
    [';a', ';a=b', ';a="b"', ';a=b;c=d', ';a="b;c"', ';a="\\""', ';a="\\\\"', ';5', `;${'a'.repeat(999)}`],
    [['an extension goes no further', (value) => chunked(`5${value}\r\nhello\r\n0${value}\r\n\r\n`)]],
    `${posted} hello`,
  ),
  ...eachPasses(
    trailerNames,
    [['a trailer that belongs into a head goes no further', (value) => chunked(`5\r\nhello\r\n0\r\n${value}\r\n\r\n`)]],
    `${posted} hello`,
  ),
  ...eachEnds(
    [
      'X-A',
      ': b',
      'X A: b',
      'X-A : b',
      'X-A: b\0',
      'X-A: b\x01',
      'X-A: b\r\n c',
      ' X-A: b',
      'X-A: b\rX-B: c',
      'X(A): b',
    ],
    [['a trailer that is none', (value) => chunked(`5\r\nhello\r\n0\r\n${value}\r\n\r\n`)]],
  ),
  ...eachEnds(framingTrailers, [['a framing in a trailer', (value) => chunked(`5\r\nhello\r\n0\r\n${value}\r\n\r\n`)]]),
  several(
    'a trailer that closes lets nothing pass behind it',
    chunked('5\r\nhello\r\n0\r\nConnection: close\r\n\r\n') + smuggled,
    readBy === 'node' ? [200, 'bad_framing'] : [200],
    [`${posted} hello`],
    'closed',
  ),
  ...eachEnds(
    ['5\r\nhello\r\n0\r\n\r\n', '5;a=b\r\nhello\r\n0\r\n\r\n', '0\r\n\r\n', '0\r\nX-A: b\r\n\r\n'],
    [['a body of a refused request', closed]],
    'token_missing',
  ),
]
