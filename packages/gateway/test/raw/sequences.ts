import { ask, get, passed, post, posted, type Row, refused, several, smuggled, times, x } from './row.ts'

/** Several requests on one connection (RFC 9112 9.3.2). */
export const sequences: readonly Row[] = [
  several(
    'two requests at once',
    get('/open/1') + get('/open/2'),
    [200, 200],
    ['GET /open/1 HTTP/1.1', 'GET /open/2 HTTP/1.1'],
    'kept',
  ),
  several(
    'a refused one and a good one',
    get('/closed/1') + get('/open/2'),
    ['token_missing', 200],
    ['GET /open/2 HTTP/1.1'],
    'kept',
  ),
  several(
    'a good one and a refused one',
    get('/open/1') + get('/closed/2'),
    [200, 'token_missing'],
    ['GET /open/1 HTTP/1.1'],
    'kept',
  ),
  several(
    'a good one and an unreadable one',
    `${get('/open/1')}GET  x\r\n\r\n`,
    [200, 'bad_framing'],
    ['GET /open/1 HTTP/1.1'],
    'closed',
  ),
  several(
    'a body, and a request behind it',
    post('Content-Length: 5\r\n', 'hello') + get('/open/2'),
    [200, 200],
    [`${posted} hello`, 'GET /open/2 HTTP/1.1'],
    'kept',
  ),
  several(
    'a body that looks like a request',
    post(`Content-Length: ${smuggled.length}\r\n`, smuggled),
    [200],
    [`${posted} ${smuggled}`],
    'kept',
  ),
  several(
    'a refused body that looks like a request',
    post(`Content-Length: ${smuggled.length}\r\n`, smuggled, '/closed/x'),
    ['token_missing'],
    [],
    'kept',
  ),
  several(
    'a refused body, and a request behind it',
    post('Content-Length: 5\r\n', 'hello', '/closed/x') + get('/open/2'),
    ['token_missing', 200],
    ['GET /open/2 HTTP/1.1'],
    'kept',
  ),
  several(
    'a request behind one that closes',
    get('/open/1', 'Connection: close\r\n') + smuggled,
    [200],
    ['GET /open/1 HTTP/1.1'],
    'closed',
  ),
  several(
    'a request behind one refused with close',
    get(
      '/open/x',
      times(99, (at) => `X-${at}: y\r\n`),
    ) + smuggled,
    ['headers_too_large'],
    [],
    'closed',
  ),
  several(
    'a request behind a coding in doubt',
    `${post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n')}${smuggled}`,
    ['bad_framing'],
    [],
    'closed',
  ),
  several(
    'ten at once',
    times(10, (at) => get(`/open/${at}`)),
    Array.from({ length: 10 }, () => 200),
    Array.from({ length: 10 }, (_, at) => `GET /open/${at} HTTP/1.1`),
    'kept',
  ),
]

/** Versions and methods (RFC 9110 2.5 and 9.3). */
export const versions: readonly Row[] = [
  passed('HTTP/1.0 closes', 'GET /open/x HTTP/1.0\r\nHost: api.test\r\n\r\n', x, 'closed'),
  passed('HTTP/1.0 may ask to be kept', 'GET /open/x HTTP/1.0\r\nHost: api.test\r\nConnection: keep-alive\r\n\r\n', x),
  passed('HTTP/1.0 needs no Host', 'GET /open/x HTTP/1.0\r\n\r\n', x, 'closed'),
  refused('HTTP/1.0 without a token', 'GET /closed/x HTTP/1.0\r\n\r\n', 'token_missing', 'closed'),
  passed('a body in HTTP/1.0', 'POST /open/x HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello', `${posted} hello`, 'closed'),
  passed('HEAD', ask('HEAD /open/x'), 'HEAD /open/x HTTP/1.1', 'kept', true),
  passed('DELETE', ask('DELETE /open/x'), 'DELETE /open/x HTTP/1.1'),
  passed('OPTIONS', ask('OPTIONS /open/x'), 'OPTIONS /open/x HTTP/1.1'),
  passed('PATCH', ask('PATCH /open/x', 'Content-Length: 1\r\n', 'x'), 'PATCH /open/x HTTP/1.1 x'),
]
