import { ask, bytesOf, eachEnds, eachPasses, get, type Row, range, type Shape, x } from './row.ts'

const methods: readonly string[] = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']

export const notMethods: readonly string[] = [
  ...methods.map((method) => method.toLowerCase()),
  ...methods.map((method) => `${method[0]}${method.slice(1).toLowerCase()}`),
  ...[
    'G',
    'GE',
    'GETT',
    'GETX',
    'XGET',
    'GET/',
    'GET,POST',
    'GET;',
    '"GET"',
    '(GET)',
    'GET=1',
    'GET\0',
    '\0GET',
    'G\0ET',
  ],
  ...[
    'G\xc9T',
    'GET\x0b',
    'GET\x7f',
    '\xefGET',
    '{GET}',
    'GET\\',
    '%47ET',
    'G-T',
    'DEBUG',
    'TRACK',
    'INVENTED',
    '-',
    '1',
  ],
  'X'.repeat(1000),
]

const notVersions: readonly string[] = [
  ...['HTTP/1.1x', 'HTTP/1.10', 'HTTP/1.01', 'HTTP/01.1', 'HTTP/11', 'HTTP/1', 'HTTP/1.', 'HTTP/.1', 'HTTP/', 'HTTP'],
  ...['HTTP/1,1', 'HTTP/1.1.1', 'HTTP/1.2', 'HTTP/1.9', 'HTTP/0.9', 'HTTP/0.0', 'HTTP/2', 'HTTP/2.0', 'HTTP/2.1'],
  ...['HTTP/3', 'HTTP/3.0', 'HTTP/9.9', 'HTTP/-1.1', 'HTTP/+1.1', 'HTTP/1.-1', 'http/1.1', 'Http/1.1', 'hTTP/1.1'],
  ...[
    'HTTP 1.1',
    'HTTP\\1.1',
    'HTTP//1.1',
    'HTTPS/1.1',
    'XHTTP/1.1',
    'TTP/1.1',
    'HTTP/x.y',
    'HTTP/1.\xb9',
    '1.1',
    'HTTP/\x001.1',
  ],
  ...['HTTP/1.1\x0b', 'HTTP/1.1\x0c', 'HTTP/1.1\0', 'HTTP/1.1\xa0', 'HTTP/1.1,', 'HTTP/1.1;', 'HTTP/1.1 HTTP/1.1'],
]

const separators: readonly string[] = [
  '\t',
  '\x0b',
  '\x0c',
  '\0',
  '\r',
  '\n',
  '\xa0',
  '\x85',
  '+',
  '',
  '\r\n ',
  '\r\n\t',
]

const wrongTargets: readonly string[] = [
  ...[
    '',
    'open/x',
    './open/x',
    '../open/x',
    '?q',
    '#f',
    'api.test',
    'api.test:80',
    '/open/x /open/y',
    '/open/x HTTP/1.1 y',
  ],
  ...[
    '\\open\\x',
    '%2Fopen/x',
    '"/open/x"',
    '</open/x>',
    '(/open/x)',
    '&',
    '@api.test/open/x',
    ':80/open/x',
    '[::1]/open/x',
  ],
]

/** Not allowed in a target (RFC 9112 3.2, RFC 3986 2): controls, spaces, what is not ASCII. */
const notTargetBytes: readonly string[] = bytesOf(...range(0, 0x20), ...range(0x7f, 0x8f), 0xa0, 0xad, 0xc0, 0xe4, 0xff)

const line =
  (before: string, after: string): Shape[1] =>
  (value) =>
    `${before}${value}${after}\r\nHost: api.test\r\n\r\n`

/** Request lines byte by byte (RFC 9112 section 3, RFC 9110 9.1). */
export const requestLineBytes: readonly Row[] = [
  ...eachEnds(notMethods, [['a method', line('', ' /open/x HTTP/1.1')]]),
  ...eachEnds(notVersions, [['a version', line('GET /open/x ', '')]]),
  ...eachEnds(separators, [
    ['between method and target', line('GET', '/open/x HTTP/1.1')],
    ['between target and version', line('GET /open/x', 'HTTP/1.1')],
  ]),
  ...eachEnds(wrongTargets, [['a target', line('GET ', ' HTTP/1.1')]]),
  ...eachEnds(notTargetBytes, [
    ['a byte in the path', (value) => get(`/open/a${value}b`)],
    ['a byte in the query', (value) => get(`/open/x?a${value}b`)],
  ]),
  ...eachEnds(
    ['\n', '\r', '\n\r', '\r\r\n', '\0\r\n', '\x0b\r\n', '\r\n\r', '\r\n\n', '\r \n'],
    [['the end of the line', (value) => `GET /open/x HTTP/1.1${value}Host: api.test\r\n\r\n`]],
  ),
  ...eachEnds(
    [' ', '\t', '\0', ' \r\n', '\x0b', '\xef\xbb\xbf', '\xfe\xff', 'X\r\n', ':\r\n', '0\r\n\r\n', '\x80'],
    [['before the line', (value) => value + get('/open/x')]],
  ),
  ...eachPasses(['\r\n', '\r\n\r\n', ''], [['before the line', (value) => value + ask('GET /open/x')]], x),
]
