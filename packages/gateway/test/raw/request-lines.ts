import { readBy } from '../support/read-by.ts'
import { ask, get, passed, type Row, refused, x } from './row.ts'

/** Request lines one by one (RFC 9112 section 3). */
export const requestLines: readonly Row[] = [
  passed('a plain request', get('/open/x'), x),
  passed('an empty line before the request line (RFC 9112 2.2)', `\r\n${get('/open/x')}`, x),
  readBy === 'node'
    ? passed('two spaces after the method go on as one', ask('GET  /open/x'), x)
    : refused('two spaces after the method', ask('GET  /open/x'), 'bad_framing', 'closed'),
  refused('a tab after the method', ask('GET\t/open/x'), 'bad_framing', 'closed'),
  refused('a space before the method', ` ${get('/open/x')}`, 'bad_framing', 'closed'),
  refused('no target', ask('GET'), 'bad_framing', 'closed'),
  refused('a method in small letters', ask('get /open/x'), 'bad_framing', 'closed'),
  refused('a method nobody knows', ask('FROBNICATE /open/x'), 'bad_framing', 'closed'),
  refused('a method with a colon', ask('GE:T /open/x'), 'bad_framing', 'closed'),
  refused('no version', 'GET /open/x\r\n\r\n', 'bad_framing', 'closed'),
  refused('version 2.0', get('/open/x').replace('HTTP/1.1', 'HTTP/2.0'), 'bad_framing', 'closed'),
  refused('version 1.2', get('/open/x').replace('HTTP/1.1', 'HTTP/1.2'), 'bad_framing', 'closed'),
  refused('version 0.9', get('/open/x').replace('HTTP/1.1', 'HTTP/0.9'), 'bad_framing', 'closed'),
  refused('a version in small letters', get('/open/x').replace('HTTP/1.1', 'http/1.1'), 'bad_framing', 'closed'),
  readBy === 'node'
    ? passed('a word Node takes for HTTP goes on as HTTP', get('/open/x').replace('HTTP/1.1', 'RTSP/1.0'), x, 'closed')
    : refused('a protocol that is not HTTP', get('/open/x').replace('HTTP/1.1', 'RTSP/1.0'), 'bad_framing', 'closed'),
  refused(
    'a word after the version',
    ask('GET /open/x HTTP/1.1 x').replace(' HTTP/1.1\r\n', '\r\n'),
    'bad_framing',
    'closed',
  ),
  refused('a space inside the target', ask('GET /open/x y'), 'bad_framing', 'closed'),
  refused('a NUL in the target', ask('GET /open/\0x'), 'bad_framing', 'closed'),
  refused('a bare CR in the target', ask('GET /open/\rx'), 'bad_framing', 'closed'),
  refused('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'bad_framing', 'closed'),
  refused('a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'bad_framing', 'closed'),
  refused('a line of SSH', 'SSH-2.0-OpenSSH_9.2p1\r\n', 'bad_framing', 'closed'),
  refused('a status line', 'HTTP/1.1 200 OK\r\n\r\n', 'bad_framing', 'closed'),
  refused('a target of 33 KiB', get(`/open/${'x'.repeat(33 * 1024)}`), 'headers_too_large', 'closed'),
]
