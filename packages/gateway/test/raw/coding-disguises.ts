import { readBy } from '../support/read-by.ts'
import { ask, eachEnds, eachPasses, post, posted, type Row, type Shape, several, smuggled } from './row.ts'

/** What some server takes for `chunked`, or for something before or behind it (RFC 9112 6.1: nothing else). */
export const notCodings: readonly string[] = [
  ...['xchunked', 'chunkedx', 'chunke', 'chunk', 'chunkedchunked', 'chunked,', ',chunked', ', chunked', 'chunked, ,'],
  ...['chunked, identity', 'identity, chunked', 'identity', 'Identity', 'gzip', 'x-gzip', 'gzip, chunked', 'deflate'],
  ...['chunked, gzip', 'deflate, chunked', 'compress, chunked', 'chunked, chunked', 'chunked,chunked', 'br, chunked'],
  ...['chunked chunked', 'chunked;q=1', 'chunked; a=b', 'chunked;foo="bar"', 'chunked;', '"chunked"', "'chunked'"],
  ...[
    '(chunked)',
    'chunked(comment)',
    'chunked=1',
    'chun ked',
    'chun\tked',
    // RFC 9110 5.6.3 lets a tab stand around a value; Node keeps it.
    ...(readBy === 'node' ? ['chunked\t'] : []),
    'chun-ked',
    'chunked.',
    'chunked:',
  ],
  ...['%63hunked', 'chun\xe2\x84\xaaed', 'chunked\xa0', '\xa0chunked', 'chunked\xff', '\xefchunked', 'chunk\xc3\xa9d'],
  ...[
    'none',
    'null',
    'trailers',
    '*',
    '0',
    '5',
    'q',
    '\\chunked',
    'chunked\\r\\n',
    'CHUNKED, IDENTITY',
    'x'.repeat(999),
  ],
  ...[`chunked${' '.repeat(999)}x`, `${','.repeat(99)}chunked`, `identity${', chunked'.repeat(99)}`],
]

const zero = '0\r\n\r\n'
const chunked = 'Transfer-Encoding: chunked\r\n'
const shapes: readonly Shape[] = [
  ['a coding alone', (value) => post(`Transfer-Encoding: ${value}\r\n`, zero)],
  ['a coding behind a length', (value) => post(`Content-Length: 5\r\nTransfer-Encoding: ${value}\r\n`, zero)],
  ['a coding before a length', (value) => post(`Transfer-Encoding: ${value}\r\nContent-Length: 5\r\n`, zero)],
  ['a coding behind chunked', (value) => post(`${chunked}Transfer-Encoding: ${value}\r\n`, zero)],
  ['a coding before chunked', (value) => post(`transfer-encoding: ${value}\r\n${chunked}`, zero)],
]

/** `chunked` itself, in one line, beside what makes it doubtful. */
const doubtful: readonly Shape[] = [
  ['behind a length', (value) => post(`Content-Length: 5\r\nTransfer-Encoding:${value}\r\n`, zero)],
  ['before a length', (value) => post(`Transfer-Encoding:${value}\r\nContent-Length: 5\r\n`, zero)],
  ['before a length of 0', (value) => post(`Transfer-Encoding:${value}\r\nContent-Length: 0\r\n`, zero)],
  [
    'between two lengths',
    (value) => post(`Content-Length: 5\r\nTransfer-Encoding:${value}\r\ncontent-length: 5\r\n`, zero),
  ],
  ['twice', (value) => post(`${chunked}TRANSFER-ENCODING:${value}\r\n`, zero)],
  [
    'of GET beside a length',
    (value) => ask('GET /open/x', `Transfer-Encoding:${value}\r\nContent-Length: 5\r\n`, zero),
  ],
  ['in HTTP/1.0', (value) => `POST /open/x HTTP/1.0\r\nHost: api.test\r\nTransfer-Encoding:${value}\r\n\r\n${zero}`],
  [
    'in HTTP/1.0, to be kept',
    (value) =>
      `POST /open/x HTTP/1.0\r\nHost: api.test\r\nConnection: keep-alive\r\nTransfer-Encoding:${value}\r\n\r\n${zero}`,
  ],
]

/** A coding under a name that is not the one. */
const notNames: readonly Shape[] = [
  ['a name with a space before the colon', (value) => post(`Transfer-Encoding : ${value}\r\n`, zero)],
  ['a name with a tab before the colon', (value) => post(`Transfer-Encoding\t: ${value}\r\n`, zero)],
  ['a name with a space before it', (value) => post(` Transfer-Encoding: ${value}\r\n`, zero)],
  ['a name behind a fold', (value) => post(`A: b\r\n Transfer-Encoding: ${value}\r\n`, zero)],
  ['a name with a space inside', (value) => post(`Transfer Encoding: ${value}\r\n`, zero)],
  ['a name with a NUL', (value) => post(`Transfer\0-Encoding: ${value}\r\n`, zero)],
  ['a name with a vertical tab', (value) => post(`Transfer-Encoding\x0b: ${value}\r\n`, zero)],
  ['a name with a soft hyphen', (value) => post(`Transfer\xadEncoding: ${value}\r\n`, zero)],
  ['a name in quotes', (value) => post(`"Transfer-Encoding": ${value}\r\n`, zero)],
  ['a name behind a bare CR', (value) => post(`A: b\rTransfer-Encoding: ${value}\r\n`, zero)],
  ['a name behind a bare LF', (value) => post(`A: b\nTransfer-Encoding: ${value}\r\n`, zero)],
  ['a folded value', (value) => post(`Transfer-Encoding:\r\n\t${value}\r\n`, zero)],
  ['a folded value behind another', (value) => post(`Transfer-Encoding: identity\r\n ,${value}\r\n`, zero)],
]

const spellings: readonly string[] = [
  'Transfer_Encoding',
  'TRANSFER_ENCODING',
  'Transfer.Encoding',
  'transfer.encoding',
]

/** Transfer codings in disguise (RFC 9112 6.1 and 6.3). */
export const codingDisguises: readonly Row[] = [
  ...eachEnds(notCodings, shapes),
  ...eachEnds([' chunked', ' CHUNKED', '\tchunked'], doubtful),
  ...eachEnds(['chunked', 'identity'], notNames),
  ...spellings.map((name) =>
    several(
      `another spelling is no coding, and goes no further: ${name}`,
      post(`${name}: chunked\r\nContent-Length: 5\r\n`, zero) + smuggled,
      [200, 200],
      [`${posted} ${zero}`, 'GET /open/smuggled HTTP/1.1'],
      'kept',
    ),
  ),
  ...eachPasses(
    [
      ' chunked',
      'chunked',
      '\tchunked',
      ...(readBy === 'own' ? ['chunked\t'] : []),
      ' Chunked',
      ' CHUNKED',
      ' chUNKed',
      '  chunked',
      ' chunked ',
    ],
    [
      ['chunked', (value) => post(`Transfer-Encoding:${value}\r\n`, '5\r\nhello\r\n0\r\n\r\n')],
      [
        'chunked under a name in any case',
        (value) => post(`tRANSFER-eNCODING:${value}\r\n`, '5\r\nhello\r\n0\r\n\r\n'),
      ],
      [
        'chunked beside other spellings',
        (value) =>
          post(
            `Transfer-Encoding:${value}\r\nTransfer_Encoding: identity\r\nContent_Length: 1\r\n`,
            '5\r\nhello\r\n0\r\n\r\n',
          ),
      ],
      [
        'chunked named by Connection',
        (value) => post(`Connection: Transfer-Encoding\r\nTransfer-Encoding:${value}\r\n`, '5\r\nhello\r\n0\r\n\r\n'),
      ],
    ],
    `${posted} hello`,
  ),
]
