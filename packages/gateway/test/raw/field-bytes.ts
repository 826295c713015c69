import { bytesOf, eachEnds, eachPasses, get, post, type Row, range, type Shape, x } from './row.ts'

/** No field value holds these (RFC 9110 5.5): controls but the tab; LF is a line end and ends a line alone. */
export const valueBytes: readonly string[] = bytesOf(...range(0, 8), ...range(0x0a, 0x1f), 0x7f)

/** No token holds these (RFC 9110 5.6.2): controls, delimiters, what is not ASCII. */
export const nameBytes: readonly string[] = bytesOf(
  ...range(0, 0x20),
  ...[...'"(),/;<=>?@[\\]{}'].map((one) => one.charCodeAt(0)),
  ...[0x7f, 0x80, 0x85, 0xa0, 0xad, 0xc4, 0xe4, 0xef, 0xff],
)

const names: readonly string[] = [
  ...['Host', 'Content-Length', 'Transfer-Encoding', 'Authorization', 'Cookie', 'Connection', 'Content-Type', 'X-Key'],
  ...['Expect', 'Upgrade', 'Via', 'Forwarded', 'X-Forwarded-For', 'Trailer', 'TE', 'DPoP', 'Origin'],
]

const folds: readonly Shape[] = [
  ['a fold with a space', (name) => get('/open/x', `${name}: a\r\n b\r\n`)],
  ['a fold with a tab', (name) => get('/open/x', `${name}: a\r\n\tb\r\n`)],
  ['a fold of nothing', (name) => get('/open/x', `${name}:\r\n \r\n`)],
  ['a value on the next line', (name) => get('/open/x', `${name}:\r\n  a\r\n`)],
  ['a name on the line before its colon', (name) => get('/open/x', `${name}\r\n : a\r\n`)],
  ['hidden in a fold', (name) => get('/open/x', `X-A: b\r\n ${name}: a\r\n`)],
  ['behind LF alone', (name) => get('/open/x', `X-A: b\n${name}: a\r\n`)],
  ['before LF alone', (name) => get('/open/x', `${name}: a\nX-A: b\r\n`)],
  ['behind CR alone', (name) => get('/open/x', `X-A: b\r${name}: a\r\n`)],
  ['behind CR CR LF', (name) => get('/open/x', `X-A: b\r\r\n${name}: a\r\n`)],
  ['behind NUL', (name) => get('/open/x', `X-A: b\0\r\n${name}: a\r\n`)],
  ['without a colon', (name) => get('/open/x', `${name} a\r\n`)],
]

/** Names, values and line ends byte by byte (RFC 9110 5.1 and 5.5, RFC 9112 2.2, 5.1 and 5.2). */
export const fieldBytes: readonly Row[] = [
  ...eachEnds(valueBytes, [
    ['a byte in a value', (value) => get('/open/x', `X-Key: a${value}b\r\n`)],
    ['a byte at the start of a value', (value) => get('/open/x', `X-Key:${value}b\r\n`)],
  ]),
  ...eachEnds(nameBytes, [
    ['a byte in a name', (value) => get('/open/x', `X-K${value}y: b\r\n`)],
    ['a byte at the end of a name', (value) => post(`Content-Length${value}: 5\r\n`, 'hello')],
    ['a byte before a name', (value) => get('/open/x', `${value}X-Key: b\r\n`)],
  ]),
  ...eachEnds(names, folds),
  ...eachEnds(
    ['\n\n', '\r\r', '\n\r\n', '\r\n\n', '\r\n\r', '\r\n \r\n', '\r\n\t\r\n', '\r\n\0\r\n'],
    [
      ['the end of a head', (value) => `GET /open/x HTTP/1.1\r\nHost: api.test${value}`],
      [
        'the end of a head with a body',
        (value) => `POST /open/x HTTP/1.1\r\nHost: api.test\r\nContent-Length: 5${value}hello`,
      ],
    ],
  ),
  ...eachPasses(
    ["!#$%&'*+-.^_`|~", ...bytesOf(0x21, 0x7e, ...range(0x30, 0x39))],
    [['a name of token characters', (value) => get('/open/x', `X-${value}: b\r\n`)]],
    x,
  ),
  ...eachPasses(
    [
      '\xe4',
      '\xff',
      '\x80',
      '"',
      '\\',
      '(',
      ',',
      ';',
      ':',
      '=',
      'a\tb',
      'a  b',
      '%0d%0aX: y',
      '${x}',
      '<script>',
      '{{x}}',
    ],
    [['a value as it is', (value) => get('/open/x', `X-Key: ${value}\r\n`)]],
    x,
  ),
]
