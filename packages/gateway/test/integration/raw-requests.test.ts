import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Reason } from '../../src/domain/reject.ts'
import { type StrictUpstream, startStrictUpstream } from '../support/strict-upstream.ts'
import { openWire, type Wire, type WireAnswer } from '../support/wire-caller.ts'
import { cleanUp, type GatewayProcess, startGateway, until } from './gateway-process.ts'

/** Stands in headers, queries and bodies of what is refused; nothing of it may be logged. */
const canary = 'CANARY7f3a91'

/** What the caller is told for each reason: status and public code. */
const told = {
  bad_path: [400, 'request_invalid'],
  bad_header: [400, 'request_invalid'],
  bad_framing: [400, 'request_invalid'],
  headers_too_large: [431, 'headers_too_large'],
  api_unknown: [404, 'api_unknown'],
  method_not_allowed: [405, 'method_not_allowed'],
  token_missing: [401, 'token_missing'],
  token_ambiguous: [400, 'token_ambiguous'],
  upstream_refused: [502, 'upstream_unavailable'],
} as const satisfies Partial<Record<Reason, readonly [number, string]>>

type ToldReason = keyof typeof told

interface Row {
  readonly what: string
  readonly bytes: string
  /** For each answer on the wire, in order: the reason of a refusal, or the status of what was forwarded. */
  readonly answers: readonly (ToldReason | number)[]
  /** Request line, and body if any, of everything that reaches the upstream. */
  readonly reaches: readonly string[]
  readonly after: 'kept' | 'closed'
  readonly toHead: boolean
}

function refused(what: string, bytes: string, reason: ToldReason, after: Row['after'] = 'kept', toHead = false): Row {
  return { what, bytes, answers: [reason], reaches: [], after, toHead }
}

function passed(what: string, bytes: string, reaches: string, after: Row['after'] = 'kept', toHead = false): Row {
  return { what, bytes, answers: [200], reaches: [reaches], after, toHead }
}

function several(
  what: string,
  bytes: string,
  answers: Row['answers'],
  reaches: Row['reaches'],
  after: Row['after'],
): Row {
  return { what, bytes, answers, reaches, after, toHead: false }
}

/** A request of HTTP/1.1 with `Host`, the canary and further header lines. */
function ask(line: string, headers = '', body = ''): string {
  return `${line} HTTP/1.1\r\nHost: api.test\r\nX-Canary: ${canary}\r\n${headers}\r\n${body}`
}

const get = (target: string, headers = ''): string => ask(`GET ${target}`, headers)
const post = (headers: string, body: string, target = '/open/x'): string => ask(`POST ${target}`, headers, body)
const times = (count: number, line: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => line(at)).join('')
const smuggled = `GET /open/smuggled HTTP/1.1\r\nHost: api.test\r\n\r\n`
const x = 'GET /open/x HTTP/1.1'
const posted = 'POST /open/x HTTP/1.1'

const requestLines: readonly Row[] = [
  passed('a plain request', get('/open/x'), x),
  passed('an empty line before the request line (RFC 9112 2.2)', `\r\n${get('/open/x')}`, x),
  passed('two spaces after the method go on as one', ask('GET  /open/x'), x),
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
  passed('a word Node takes for HTTP goes on as HTTP', get('/open/x').replace('HTTP/1.1', 'RTSP/1.0'), x, 'closed'),
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

const targets: readonly Row[] = [
  passed(
    'a query byte for byte',
    get('/open/x?a=%2f%zz&b=c%20d;e=/../\\&&='),
    'GET /open/x?a=%2f%zz&b=c%20d;e=/../\\&&= HTTP/1.1',
  ),
  passed('an empty query', get('/open/x?'), 'GET /open/x? HTTP/1.1'),
  passed('a trailing slash', get('/open/x/'), 'GET /open/x/ HTTP/1.1'),
  passed('the API itself', get('/open'), 'GET /open HTTP/1.1'),
  passed('an encoded unreserved character is decoded', get('/open/%78%2D%7e'), 'GET /open/x-~ HTTP/1.1'),
  passed('escapes are upper-cased', get('/open/%c3%a4'), 'GET /open/%C3%A4 HTTP/1.1'),
  passed('absolute form for the host', ask('GET http://api.test/open/x?q'), 'GET /open/x?q HTTP/1.1'),
  passed('absolute form in capitals', ask('GET HTTP://API.TEST/open/x'), x),
  refused('absolute form for another host', ask('GET http://evil.test/open/x'), 'bad_path'),
  refused('absolute form with another port', ask('GET http://api.test:81/open/x'), 'bad_path'),
  refused('absolute form with a user', ask('GET http://u@api.test/open/x'), 'bad_path'),
  refused('absolute form of another scheme', ask('GET ftp://api.test/open/x'), 'bad_path'),
  refused('absolute form that only begins like the host', ask('GET http://api.test.evil/open/x'), 'bad_path'),
  refused('absolute form with a dot segment', ask('GET http://api.test/open/../x'), 'bad_path'),
  refused('absolute form without a path is the root', ask('GET http://api.test'), 'api_unknown'),
  refused('authority form', ask('GET api.test:80'), 'bad_framing', 'closed'),
  refused('an asterisk', ask('OPTIONS *'), 'bad_path'),
  refused('a path without a slash', ask('GET open/x'), 'bad_framing', 'closed'),
  refused('CONNECT', ask('CONNECT api.test:80'), 'method_not_allowed', 'closed'),
  refused('CONNECT with a path', ask('CONNECT /open/x'), 'method_not_allowed', 'closed'),
  refused('TRACE', ask('TRACE /open/x'), 'method_not_allowed'),
  refused('a percent sign alone', get('/open/%'), 'bad_path'),
  refused('a percent sign with one digit', get('/open/%4'), 'bad_path'),
  refused('a percent sign with no digits', get('/open/%zz'), 'bad_path'),
  refused('a NUL, encoded', get('/open/%00'), 'bad_path'),
  refused('a line end, encoded', get('/open/%0d%0aX:y'), 'bad_path'),
  refused('DEL, encoded', get('/open/%7f'), 'bad_path'),
  refused('a dot segment', get('/open/./x'), 'bad_path'),
  refused('a double dot segment', get('/open/../orders/x'), 'bad_path'),
  refused('a double dot segment at the end', get('/open/x/..'), 'bad_path'),
  refused('a dot segment, encoded', get('/open/%2e%2E/orders'), 'bad_path'),
  refused('a dot segment, half encoded', get('/open/.%2e/orders'), 'bad_path'),
  refused('a dot segment before an encoded slash', get('/open/..%2forders'), 'bad_path'),
  refused('a dot segment with parameters', get('/open/..;/orders'), 'bad_path'),
  refused('a percent sign encoded twice stays what it is', get('/closed/%252e%252e/x'), 'token_missing'),
  refused('an encoded slash', get('/open/a%2Fb'), 'bad_path'),
  refused('an encoded slash in small letters', get('/open/a%2fb'), 'bad_path'),
  refused('a backslash', get('/open/a\\b'), 'bad_path'),
  refused('a backslash, encoded', get('/open/a%5cb'), 'bad_path'),
  refused('path parameters', get('/open/x;jsessionid=1'), 'bad_path'),
  refused('path parameters, encoded', get('/open/x%3bjsessionid=1'), 'bad_path'),
  refused('two slashes', get('/open//x'), 'bad_path'),
  refused('two slashes at the end', get('/open/x//'), 'bad_path'),
  refused('two slashes at the beginning', get('//open/x'), 'bad_path'),
  refused('two slashes before a host', get('//evil.test/open/x'), 'bad_path'),
  refused('a fragment', get('/open/x#y'), 'bad_path'),
  refused('bytes beyond ASCII', get('/open/\xc3\xa4'), 'bad_framing', 'closed'),
  refused('bytes beyond ASCII in the query', get('/open/x?\xff'), 'bad_framing', 'closed'),
  refused('a path of 9 KiB', get(`/open/${'x'.repeat(9 * 1024)}`), 'bad_path'),
  refused('a path beside all APIs', get('/nothing'), 'api_unknown'),
  refused('a path that only begins like an API', get('/opening'), 'api_unknown'),
  refused('a method the API does not list', ask('PROPFIND /open/x'), 'method_not_allowed'),
  passed('an encoded slash where the API allows it', get('/loose/a%2fb'), 'GET /loose/a%2Fb HTTP/1.1'),
  passed('an empty segment where the API allows it', get('/loose//x'), 'GET /loose//x HTTP/1.1'),
  passed('path parameters where the API allows them', get('/loose/x;v=1'), 'GET /loose/x;v=1 HTTP/1.1'),
  refused('a dot segment even there', get('/loose/a%2f../b'), 'bad_path'),
  refused('a path that a decoding server takes to another API', get('/loose;/x'), 'api_unknown'),
]

const headerForms: readonly Row[] = [
  refused('a space before the colon', get('/open/x', `X-Key : ${canary}\r\n`), 'bad_framing', 'closed'),
  refused('a tab before the colon', get('/open/x', 'X-Key\t: y\r\n'), 'bad_framing', 'closed'),
  refused('a line without a colon', get('/open/x', 'X-Key\r\n'), 'bad_framing', 'closed'),
  refused('an empty name', get('/open/x', ': y\r\n'), 'bad_framing', 'closed'),
  refused('a name with a space', get('/open/x', 'X Key: y\r\n'), 'bad_framing', 'closed'),
  refused('a name with a slash', get('/open/x', 'X/Key: y\r\n'), 'bad_framing', 'closed'),
  refused('a name beyond ASCII', get('/open/x', 'X-K\xe4y: y\r\n'), 'bad_framing', 'closed'),
  refused('a NUL in a name', get('/open/x', 'X-K\0y: y\r\n'), 'bad_framing', 'closed'),
  refused('a NUL in a value', get('/open/x', `X-Key: ${canary}\0y\r\n`), 'bad_framing', 'closed'),
  refused('a bare CR in a value', get('/open/x', 'X-Key: a\rX-Smuggled: b\r\n'), 'bad_framing', 'closed'),
  refused('a control byte in a value', get('/open/x', 'X-Key: a\x01b\r\n'), 'bad_framing', 'closed'),
  refused('DEL in a value', get('/open/x', 'X-Key: a\x7fb\r\n'), 'bad_framing', 'closed'),
  refused('a line folded with a space', get('/open/x', 'X-Key: a\r\n b\r\n'), 'bad_framing', 'closed'),
  refused('a line folded with a tab', get('/open/x', 'X-Key: a\r\n\tb\r\n'), 'bad_framing', 'closed'),
  refused('a folded first line', `GET /open/x HTTP/1.1\r\n Host: api.test\r\n\r\n`, 'bad_framing', 'closed'),
  refused('lines that end in LF alone', 'GET /open/x HTTP/1.1\nHost: api.test\n\n', 'bad_framing', 'closed'),
  refused('one header that ends in LF alone', get('/open/x', 'X-Key: a\nX-Smuggled: b\r\n'), 'bad_framing', 'closed'),
  refused(
    'a head that ends in LF alone',
    `GET /open/x HTTP/1.1\r\nHost: api.test\r\n\n${smuggled}`,
    'bad_framing',
    'closed',
  ),
  refused(
    'a chunk line that ends in LF alone',
    post('Transfer-Encoding: chunked\r\n', '5\nhello\r\n0\r\n\r\n'),
    'bad_framing',
    'closed',
  ),
  passed('a value beyond ASCII goes on as it is', get('/open/x', 'X-Key: \xe4\xff\r\n'), x),
  passed('an empty value', get('/open/x', 'X-Key:\r\n'), x),
  passed('a value without a space before it', get('/open/x', 'X-Key:y\r\n'), x),
  passed('spaces around a value', get('/open/x', 'X-Key: \t y \t \r\n'), x),
  passed(
    '97 further fields',
    get(
      '/open/x',
      times(97, (at) => `X-${at}: y\r\n`),
    ),
    x,
  ),
  refused(
    '101 fields',
    get(
      '/open/x',
      times(99, (at) => `X-${at}: y\r\n`),
    ),
    'headers_too_large',
    'closed',
  ),
  refused(
    '1,200 fields',
    get(
      '/open/x',
      times(1200, (at) => `X${at}: y\r\n`),
    ),
    'headers_too_large',
    'closed',
  ),
  refused('33 KiB of headers', get('/open/x', `X-Key: ${canary.repeat(2816)}\r\n`), 'headers_too_large', 'closed'),
  refused('no Host', 'GET /open/x HTTP/1.1\r\n\r\n', 'bad_header'),
  refused('two Hosts', get('/open/x', 'Host: api.test\r\n'), 'bad_header'),
  refused('two Hosts in different letters', get('/open/x', 'HOST: evil.test\r\n'), 'bad_header'),
  refused('an empty Host', 'GET /open/x HTTP/1.1\r\nHost:\r\n\r\n', 'bad_header'),
  refused('a Host with a path', 'GET /open/x HTTP/1.1\r\nHost: api.test/x\r\n\r\n', 'bad_header'),
  refused('a Host with a user', 'GET /open/x HTTP/1.1\r\nHost: a@api.test\r\n\r\n', 'bad_header'),
  refused('a Host with a space', 'GET /open/x HTTP/1.1\r\nHost: api test\r\n\r\n', 'bad_header'),
  refused('a list of Hosts', 'GET /open/x HTTP/1.1\r\nHost: api.test, b.test\r\n\r\n', 'bad_header'),
  refused('a Host with a wrong port', 'GET /open/x HTTP/1.1\r\nHost: api.test:http\r\n\r\n', 'bad_header'),
  passed('a Host with a port', 'GET /open/x HTTP/1.1\r\nHost: api.test:8080\r\n\r\n', x),
  passed('an IPv6 Host', 'GET /open/x HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n', x),
  refused(
    'two Authorization headers',
    get('/closed/x', 'Authorization: Basic a\r\nauthorization: Bearer b\r\n'),
    'bad_header',
  ),
  refused(
    'two Content-Types',
    post('Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 1\r\n', 'x'),
    'bad_header',
  ),
  refused('a token in two places', get('/closed/x?access_token=a', 'Authorization: Bearer b\r\n'), 'token_ambiguous'),
  refused('no token', get('/closed/x'), 'token_missing'),
  refused('no token to HEAD', ask('HEAD /closed/x'), 'token_missing', 'kept', true),
  passed('Connection naming a header drops it', get('/open/x', 'Connection: keep-alive, X-Key\r\nX-Key: y\r\n'), x),
  passed(
    'Upgrade to h2c is dropped',
    get('/open/x', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'),
    x,
  ),
  passed('Connection: close is kept to', get('/open/x', 'Connection: close\r\n'), x, 'closed'),
]

const framings: readonly Row[] = [
  passed('a sized body', post('Content-Length: 5\r\n', 'hello'), `${posted} hello`),
  passed('a body of no bytes', post('Content-Length: 0\r\n', ''), posted),
  passed('no body at all', post('', ''), posted),
  passed('a sized body to GET', ask('GET /open/x', 'Content-Length: 5\r\n', 'hello'), `${x} hello`),
  passed(
    'a chunked body',
    post('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n3\r\n, x\r\n0\r\n\r\n'),
    `${posted} hello, x`,
  ),
  passed('a coding in capitals', post('Transfer-Encoding: CHUNKED\r\n', '1\r\nx\r\n0\r\n\r\n'), `${posted} x`),
  passed(
    'chunk sizes with zeros and capitals',
    post('Transfer-Encoding: chunked\r\n', '00A\r\n0123456789\r\n0000\r\n\r\n'),
    `${posted} 0123456789`,
  ),
  passed(
    'a chunk extension goes no further',
    post('Transfer-Encoding: chunked\r\n', '5;a=b\r\nhello\r\n0\r\n\r\n'),
    `${posted} hello`,
  ),
  passed(
    'trailers go no further',
    post('Transfer-Encoding: chunked\r\nTrailer: Authorization\r\n', `1\r\nx\r\n0\r\nAuthorization: ${canary}\r\n\r\n`),
    `${posted} x`,
  ),
  passed('a length with leading zeros is written anew', post('Content-Length: 005\r\n', 'hello'), `${posted} hello`),
  refused(
    '17 KiB of chunk extension',
    post('Transfer-Encoding: chunked\r\n', `5;${'a'.repeat(17 * 1024)}\r\nhello\r\n0\r\n\r\n`),
    'bad_framing',
    'closed',
  ),
  refused('a length with a sign', post('Content-Length: +5\r\n', 'hello'), 'bad_framing', 'closed'),
  refused('a negative length', post('Content-Length: -5\r\n', 'hello'), 'bad_framing', 'closed'),
  refused('a length in hex', post('Content-Length: 0x5\r\n', 'hello'), 'bad_framing', 'closed'),
  refused('a fraction as length', post('Content-Length: 5.0\r\n', 'hello'), 'bad_framing', 'closed'),
  refused('an exponent as length', post('Content-Length: 5e0\r\n', 'hello'), 'bad_framing', 'closed'),
  refused('an empty length', post('Content-Length:\r\n', 'hello'), 'bad_framing', 'closed'),
  refused('a length with a space inside', post('Content-Length: 5 5\r\n', 'hello'), 'bad_framing', 'closed'),
  refused('a list of equal lengths', post('Content-Length: 5, 5\r\n', 'hello'), 'bad_framing', 'closed'),
  refused('two equal lengths', post('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello'), 'bad_framing', 'closed'),
  refused(
    'two different lengths',
    post('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello!'),
    'bad_framing',
    'closed',
  ),
  refused('a length of 2^64 + 5', post('Content-Length: 18446744073709551621\r\n', 'hello'), 'bad_framing', 'closed'),
  refused('a length of 10^16', post('Content-Length: 10000000000000000\r\n', 'hello'), 'bad_framing', 'closed'),
  refused('a length in full-width digits', post('Content-Length: \xef\xbc\x95\r\n', 'hello'), 'bad_framing', 'closed'),
  refused(
    'both framings',
    post(`Content-Length: 4\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${smuggled}`),
    'bad_framing',
    'closed',
  ),
  refused(
    'both framings the other way round',
    post(`Transfer-Encoding: chunked\r\nContent-Length: 4\r\n`, `0\r\n\r\n${smuggled}`),
    'bad_framing',
    'closed',
  ),
  refused(
    'a coding before chunked',
    post('Transfer-Encoding: gzip, chunked\r\n', `0\r\n\r\n${smuggled}`),
    'bad_framing',
    'closed',
  ),
  refused(
    'chunked twice',
    post('Transfer-Encoding: chunked, chunked\r\n', `0\r\n\r\n${smuggled}`),
    'bad_framing',
    'closed',
  ),
  refused(
    'chunked in two lines',
    post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${smuggled}`),
    'bad_framing',
    'closed',
  ),
  refused(
    'chunked before another coding',
    post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${smuggled}`),
    'bad_framing',
    'closed',
  ),
  refused('identity', post('Transfer-Encoding: identity\r\n', smuggled), 'bad_framing', 'closed'),
  refused(
    'a coding nobody knows',
    post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${smuggled}`),
    'bad_framing',
    'closed',
  ),
  refused(
    'chunked with a vertical tab',
    post('Transfer-Encoding: \x0bchunked\r\n', `0\r\n\r\n${smuggled}`),
    'bad_framing',
    'closed',
  ),
  refused(
    'chunked in quotes',
    post('Transfer-Encoding: "chunked"\r\n', `0\r\n\r\n${smuggled}`),
    'bad_framing',
    'closed',
  ),
  refused(
    'chunked with a parameter',
    post('Transfer-Encoding: chunked;q=1\r\n', `0\r\n\r\n${smuggled}`),
    'bad_framing',
    'closed',
  ),
  refused('an empty coding', post('Transfer-Encoding:\r\n', smuggled), 'bad_framing', 'closed'),
  refused(
    'a folded coding',
    post('Transfer-Encoding:\r\n chunked\r\n', `0\r\n\r\n${smuggled}`),
    'bad_framing',
    'closed',
  ),
  refused(
    'a coding with a space before the colon',
    post('Transfer-Encoding : chunked\r\nContent-Length: 5\r\n', `0\r\n\r\n${smuggled}`),
    'bad_framing',
    'closed',
  ),
  refused(
    'a chunk size with a sign',
    post('Transfer-Encoding: chunked\r\n', '+5\r\nhello\r\n0\r\n\r\n'),
    'bad_framing',
    'closed',
  ),
  refused(
    'a chunk size with 0x',
    post('Transfer-Encoding: chunked\r\n', '0x5\r\nhello\r\n0\r\n\r\n'),
    'bad_framing',
    'closed',
  ),
  refused(
    'an empty chunk size',
    post('Transfer-Encoding: chunked\r\n', '\r\nhello\r\n0\r\n\r\n'),
    'bad_framing',
    'closed',
  ),
  refused(
    'a chunk size beyond 2^64',
    post('Transfer-Encoding: chunked\r\n', '10000000000000005\r\nhello\r\n0\r\n\r\n'),
    'bad_framing',
    'closed',
  ),
  refused(
    'a chunk longer than its size',
    post('Transfer-Encoding: chunked\r\n', '3\r\nhello\r\n0\r\n\r\n'),
    'bad_framing',
    'closed',
  ),
  refused(
    'a bare CR in a chunk extension',
    post('Transfer-Encoding: chunked\r\n', '5;a\rb\r\nhello\r\n0\r\n\r\n'),
    'bad_framing',
    'closed',
  ),
  refused(
    'a framing in HTTP/1.0 that 1.0 does not know',
    post('Transfer-Encoding: chunked\r\n', `0\r\n\r\n`).replace('HTTP/1.1', 'HTTP/1.0'),
    'bad_framing',
    'closed',
  ),
]

const sequences: readonly Row[] = [
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

const versions: readonly Row[] = [
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

let upstream: StrictUpstream
let gateway: GatewayProcess
const said: { readonly decision: string; readonly reason: string | undefined; readonly status: number }[] = []

beforeAll(async () => {
  upstream = await startStrictUpstream((request, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${request.method === 'HEAD' ? '' : 'ok'}`)
  })
  const toUpstream = { upstream: { targets: [upstream.url] } }
  gateway = await startGateway({
    workers: 1,
    config: {
      version: 1,
      issuers: { acme: { issuer: 'https://id.test', keys: { jwks: { keys: [verificationKey] } }, audiences: ['a'] } },
      apis: {
        open: { listen: { path: '/open' }, ...toUpstream, access: 'public' },
        loose: {
          listen: { path: '/loose', allow: ['encodedSlash', 'emptySegments', 'parameters'] },
          ...toUpstream,
          access: 'public',
        },
        closed: { listen: { path: '/closed' }, ...toUpstream, access: { issuers: ['acme'] } },
      },
    },
  })
})
afterAll(async () => {
  cleanUp()
  await upstream.close()
})

/** A public key whose other half nobody keeps. */
const verificationKey = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })

/** Reads one answer and holds it against what was expected; remembers its decision for the log. */
function hold(answer: WireAnswer, expected: ToldReason | number, toHead: boolean): void {
  const decision = answer.headers.get('jotgate-decision')
  expect(decision, 'one decision id').toHaveLength(1)
  const reason = typeof expected === 'number' ? undefined : expected
  said.push({ decision: decision?.[0] ?? '', reason, status: answer.status })
  expect(answer.headers.get('date'), 'one Date').toHaveLength(1)
  if (typeof expected === 'number') {
    expect(answer.status).toBe(expected)
    expect(answer.body).toBe(toHead ? '' : 'ok')
    return
  }
  const [status, code] = told[expected]
  expect({ status: answer.status, body: answer.body }).toMatchObject({ status })
  expect(answer.headers.get('content-type')).toEqual(['application/problem+json'])
  expect(answer.headers.get('cache-control')).toEqual(['no-store'])
  expect(answer.raw).not.toContain(canary)
  if (!toHead) expect(JSON.parse(answer.body)).toMatchObject({ code, status, decision: decision?.[0] })
}

async function run({ bytes, answers, reaches, after, toHead }: Row): Promise<void> {
  const before = upstream.requests.length
  const wire = await openWire(gateway.port)
  wire.write(bytes)
  for (const expected of answers) hold(await wire.answer(toHead), expected, toHead)
  const probes = after === 'kept' ? await probe(wire) : []
  if (after === 'closed') await wire.closed
  expect(wire.unread()).toBe('')
  wire.destroy()
  const arrived = upstream.requests.slice(before).map(({ line, body }) => (body === '' ? line : `${line} ${body}`))
  expect(arrived.toSorted()).toEqual([...reaches, ...probes].toSorted())
  expect(upstream.faults).toEqual([])
}

/** A connection that is kept takes the next request. */
async function probe(wire: Wire): Promise<readonly string[]> {
  wire.write(get('/open/probe'))
  expect((await wire.answer()).status).toBe(200)
  return ['GET /open/probe HTTP/1.1']
}

describe.each([
  ['request lines', requestLines],
  ['targets', targets],
  ['headers', headerForms],
  ['framings', framings],
  ['several requests on one connection', sequences],
  ['versions and methods', versions],
])('%s', (_group, rows) => {
  it.each(rows.map((row) => [row.what, row] as const))('%s', (_what, row) => run(row))
})

describe('the record of all of these', () => {
  it('is one line for each request, with the reason it was refused for, and nothing of what was sent', async () => {
    const last = said.at(-1)?.decision ?? ''
    await until(() => gateway.output().includes(last))
    const lines = new Map<string, Record<string, unknown>[]>()
    for (const line of gateway.output().trim().split('\n')) {
      const entry = JSON.parse(line) as Record<string, unknown>
      if (typeof entry.decision !== 'string') continue
      lines.set(entry.decision, [...(lines.get(entry.decision) ?? []), entry])
    }
    for (const { decision, reason, status } of said) {
      const entries = lines.get(decision) ?? []
      expect(entries, decision).toHaveLength(1)
      expect(entries[0]).toMatchObject({ status, peer: '127.0.0.1', ...(reason === undefined ? {} : { reason }) })
      expect(Date.now() - Date.parse(String(entries[0]?.time)), 'a time of now').toBeLessThan(120_000)
      expect(entries[0]?.durationMs).toBeLessThan(20_000)
    }
    expect(gateway.output()).not.toContain(canary)
  })
})
