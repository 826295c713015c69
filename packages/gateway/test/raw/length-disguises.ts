import { ask, eachEnds, eachPasses, post, posted, type Row, type Shape, several, smuggled } from './row.ts'

/** What some server takes for a length of 5, or for none (RFC 9110 8.6: digits, nothing else). */
export const notLengths: readonly string[] = [
  ...['+5', '-5', '-0', '+0', '--5', '5-', '5+', '0x5', '0X5', '5h', 'x5', '0b101', '0o5', '5_000', '5L', '5n', '$5'],
  ...['5.0', '5.', '.5', '5e0', '5E0', '5,', ',5', '5,5', '5, 5', '5 ,5', '5, 6', '6, 5', '5;', '5;q=1', '5 5', '5\t5'],
  ...['"5"', "'5'", '(5)', '{5}', '[5]', '%35', '&#53;', '\\5', '5\\r\\n', '5/1', '5:5', '5=5', '*', 'five', 'NaN'],
  ...['Infinity', 'null', 'undefined', 'true', '\xb5', '\xb2', '5\xa0', '\xa05', '5\x85', '\xef\xbc\x95', '\xd9\xa5'],
  ...['9007199254740992', '10000000000000000', '9223372036854775808', '18446744073709551615', '18446744073709551616'],
  ...['18446744073709551621', '340282366920938463463374607431768211461', '9'.repeat(500), `${'0'.repeat(16)}5`],
]

const shapes: readonly Shape[] = [
  ['a length alone', (value) => post(`Content-Length: ${value}\r\n`, 'hello')],
  ['a length of GET', (value) => ask('GET /open/x', `Content-Length: ${value}\r\n`, 'hello')],
  ['behind a length of 5', (value) => post(`Content-Length: 5\r\nContent-Length: ${value}\r\n`, 'hello')],
  ['before a length of 5', (value) => post(`content-length: ${value}\r\nContent-Length: 5\r\n`, 'hello')],
  [
    'beside chunked',
    (value) => post(`Content-Length: ${value}\r\nTransfer-Encoding: chunked\r\n`, '5\r\nhello\r\n0\r\n\r\n'),
  ],
]

/** A second length is refused whatever it says: one framing line, or none. */
const second: readonly Shape[] = [
  ['two lengths', (value) => post(`Content-Length: 5\r\nContent-Length:${value}\r\n`, 'hello')],
  ['two lengths the other way round', (value) => post(`Content-Length:${value}\r\nCONTENT-LENGTH: 5\r\n`, 'hello')],
  [
    'two lengths far apart',
    (value) => post(`Content-Length: 5\r\nA: ${'b'.repeat(5000)}\r\nContent-Length:${value}\r\n`, 'hello'),
  ],
]

/** A length under a name that is not the one, which servers may take for it. The name decides nothing here. */
const notNames: readonly Shape[] = [
  ['a name with a space before the colon', (value) => post(`Content-Length : ${value}\r\n`, 'hello')],
  ['a name with a tab before the colon', (value) => post(`Content-Length\t: ${value}\r\n`, 'hello')],
  ['a name with a space before it', (value) => post(` Content-Length: ${value}\r\n`, 'hello')],
  ['a name with a space inside', (value) => post(`Content Length: ${value}\r\n`, 'hello')],
  ['a name with a NUL behind', (value) => post(`Content-Length\0: ${value}\r\n`, 'hello')],
  ['a name with a vertical tab', (value) => post(`Content-Length\x0b: ${value}\r\n`, 'hello')],
  ['a name with a soft hyphen', (value) => post(`Content\xadLength: ${value}\r\n`, 'hello')],
  ['a name in quotes', (value) => post(`"Content-Length": ${value}\r\n`, 'hello')],
  ['a name with an equals sign', (value) => post(`Content-Length=${value}\r\n`, 'hello')],
  ['a name with two colons', (value) => post(`:Content-Length: ${value}\r\n`, 'hello')],
  ['a name behind a bare CR', (value) => post(`A: b\rContent-Length: ${value}\r\n`, 'hello')],
  ['a name behind a bare LF', (value) => post(`A: b\nContent-Length: ${value}\r\n`, 'hello')],
]

const spellings: readonly string[] = ['Content_Length', 'CONTENT_LENGTH', 'Content.Length', 'content.length']

/** Lengths in disguise (RFC 9110 8.6, RFC 9112 6.2 and 6.3). */
export const lengthDisguises: readonly Row[] = [
  ...eachEnds(notLengths, shapes),
  ...eachEnds([' 5', ' 05', ' 6', ' 0', ' 4', '', ' ', '\t5'], second),
  ...eachEnds(['0', '5', '50'], notNames),
  ...spellings.map((name) =>
    several(
      `another spelling is no length, and goes no further: ${name}`,
      post(`${name}: ${smuggled.length}\r\n`, '') + smuggled,
      [200, 200],
      [posted, 'GET /open/smuggled HTTP/1.1'],
      'kept',
    ),
  ),
  ...eachPasses(
    ['5', ' 5', '  5', '\t5', ' 5 ', ' \t 5  ', '05', ' 000000000000005'],
    [
      ['a length is written anew', (value) => post(`Content-Length:${value}\r\n`, 'hello')],
      ['a length in any case', (value) => post(`cOnTeNt-LeNgTh:${value}\r\n`, 'hello')],
      [
        'beside another spelling of itself',
        (value) => post(`Content-Length:${value}\r\nContent_Length: 500\r\nContent.Length: 0\r\n`, 'hello'),
      ],
      ['beside another name', (value) => post(`Content-Length:${value}\r\nX-Content-Length: 500\r\n`, 'hello')],
      [
        'named by Connection',
        (value) => post(`Connection: keep-alive, Content-Length\r\nContent-Length:${value}\r\n`, 'hello'),
      ],
    ],
    `${posted} hello`,
  ),
]
