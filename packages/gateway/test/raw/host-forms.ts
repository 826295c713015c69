import { bytesOf, eachEnds, eachPasses, eachRefused, type Row, range, type Shape, x } from './row.ts'

const withHost =
  (target: string): Shape[1] =>
  (value) =>
    `GET ${target} HTTP/1.1\r\nHost:${value}\r\n\r\n`

/** No host and port that everybody reads alike (RFC 9110 7.2, RFC 3986 3.2). */
export const notHosts: readonly string[] = [
  ...['', ' ', ' :', ' :80', ' api.test:x', ' api.test:-1', ' api.test:+80', ' api.test:0x50', ' api.test:80:80'],
  ...[
    ' api.test:80 80',
    ' api.test:8 0',
    ' api.test:80a',
    ' api.test:\xb9',
    ' u@api.test',
    ' u:p@api.test',
    ' @api.test',
  ],
  ...[' api.test@evil.test', ' api.test/', ' api.test/open', ' api.test?q', ' api.test#f', ' api.test\\evil.test'],
  ...[' http://api.test', ' //api.test', ' api.test, evil.test', ' api.test,api.test', ' api.test evil.test'],
  ...[' api.test;evil', ' api%2etest', ' api.test%00', ' api_test!', ' "api.test"', ' <api.test>', ' api.test=', ' *'],
  ...[
    ' \xe4pi.test',
    ' api.t\xebst',
    ' api.test\xff',
    ' [::1',
    ' ::1',
    ' ::1]',
    ' [::1]x',
    ' [::1]:x',
    ' []',
    ' [::1]]',
  ],
  ...[
    ' [[::1]]',
    ' [api.test]',
    ' [::1]@evil',
    ' [::1%25eth0]',
    ' [v1.x]',
    ' api.test\tevil',
    ' $api',
    " api'test",
    ' (a)',
  ],
  ` ${'a'.repeat(300)}`,
  ` ${'1'.repeat(300)}:80`,
]

/** Authorities of an absolute target that are not the one `Host: api.test` names (RFC 9112 3.2.2). */
const otherAuthorities: readonly string[] = [
  ...['evil.test', 'api.test.evil', 'evil.api.test', 'api.test:80', 'api.test:', 'u@api.test', 'api.test@evil.test'],
  ...['u:p@api.test', 'api.test.', '', ':80', 'api%2etest', 'api.test%2f', '[::1]', 'api.test;x', '@api.test'],
]

const schemes: readonly string[] = ['ftp', 'file', 'ws', 'wss', 'gopher', 'httpx', 'x', 'httpss']

/** A second `Host`, wherever and however: each is refused, the one who sent it known to nobody. */
const seconds: readonly string[] = ['api.test', 'evil.test', '', ' ', 'api.test:80', 'API.TEST']

/** Hosts, in the header and in the target (RFC 9110 7.2, RFC 9112 3.2). */
export const hostForms: readonly Row[] = [
  ...eachRefused(notHosts, [['a host', withHost('/open/x')]], 'bad_header'),
  ...eachEnds(bytesOf(...range(0, 8), 0x0b, 0x0c, ...range(0x0e, 0x1f), 0x7f), [
    ['a byte in a host', (value) => withHost('/open/x')(` api${value}.test`)],
  ]),
  ...eachRefused(
    seconds,
    [
      ['a second host', (value) => withHost('/open/x')(` api.test\r\nHost: ${value}`)],
      ['a second host before', (value) => withHost('/open/x')(` ${value}\r\nhOST: api.test`)],
      [
        'a second host far behind',
        (value) => withHost('/open/x')(` api.test\r\nA: ${'b'.repeat(9000)}\r\nHost: ${value}`),
      ],
      [
        'a second host beside an absolute target',
        (value) => withHost('http://api.test/open/x')(` api.test\r\nHost: ${value}`),
      ],
    ],
    'bad_header',
  ),
  ...eachRefused(
    otherAuthorities,
    [['another authority', (value) => withHost(`http://${value}/open/x`)(' api.test')]],
    'bad_path',
  ),
  ...eachEnds(
    ['api.test\\evil', 'api.test\\@evil', 'api.test\t', 'api.test evil'],
    [['another authority', (value) => withHost(`http://${value}/open/x`)(' api.test')]],
  ),
  ...eachRefused(
    schemes,
    [['another scheme', (value) => withHost(`${value}://api.test/open/x`)(' api.test')]],
    'bad_path',
  ),
  ...eachRefused(
    [
      '/.',
      '/..',
      '/../open/x',
      '//open/x',
      '/open//x',
      '/open/x#f',
      '/open/%2e%2e/x',
      '/open/%2fx',
      '/open\\x',
      '/open/;x',
    ],
    [['a path that is refused in absolute form too', (value) => withHost(`http://api.test${value}`)(' api.test')]],
    'bad_path',
  ),
  ...eachPasses(
    [
      ' api.test',
      'api.test',
      '\tapi.test\t',
      ' API.test',
      ' api.test.',
      ' api.test:80',
      ' api.test:',
      ' 127.0.0.1:8080',
    ],
    [
      ['a host', withHost('/open/x')],
      ['a host under a name in any case', (value) => `GET /open/x HTTP/1.1\r\nhOsT:${value}\r\n\r\n`],
      [
        'a host beside other spellings',
        (value) => withHost('/open/x')(`${value}\r\nX-Host: evil.test\r\nH.ost: evil.test`),
      ],
    ],
    x,
  ),
  ...eachPasses([' [::1]', ' [::1]:80', ' [2001:db8::1]:8080'], [['a host', withHost('/open/x')]], x),
]
