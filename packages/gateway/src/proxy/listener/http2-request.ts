import { METHODS } from 'node:http'
import type { HeaderFault, Reject } from '../../domain/reject.ts'
import { isHttp2Field } from './http2-field.ts'
import { http2Limits } from './http2-limits.ts'

/** A stream's header list in the form the steps read, whatever version brought it. */
export interface Http2Request {
  /** Empty when it is no method. */
  readonly method: string
  readonly target: string
  /** `host` from `:authority`, cookie crumbs as one line, no pseudo-header, nothing that speaks of a connection. */
  readonly rawHeaders: readonly string[]
  readonly contentLength: string | undefined
  /** RFC 9110 10.1.1. */
  readonly awaitsContinue: boolean
  readonly isGrpc: boolean
  /** Why it must not go on: what HTTP/2 allows or Node lets through, and HTTP/1.1 would read as something else (S13). */
  readonly reject: Reject | undefined
}

interface Reading {
  method: string | undefined
  path: string | undefined
  scheme: string | undefined
  authority: string | undefined
  host: string | undefined
  cookie: string
  contentLength: string | undefined
  contentType: string | undefined
  expect: string | undefined
  bytes: number
  isRegular: boolean
  readonly headers: string[]
  reject: Reject | undefined
}

type Pseudo = 'method' | 'path' | 'scheme' | 'authority'
const pseudoOf: ReadonlyMap<string, Pseudo> = new Map([
  [':method', 'method'],
  [':path', 'path'],
  [':scheme', 'scheme'],
  [':authority', 'authority'],
])
/** RFC 9113 8.2.2: fields that make a request malformed. */
const connectionSpecific: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])
/** The methods HTTP/1.1 callers may use too. */
const methods: ReadonlySet<string> = new Set(METHODS)

/**
 * Checks a header list (RFC 9113 8.2, 8.3) once more and brings it into the form of HTTP/1.1. Characters in values and
 * repeated fields are `readRequest`'s, as for every version.
 */
export function readHttp2Request(rawHeaders: readonly string[], scheme: 'http' | 'https'): Http2Request {
  const read = blankReading()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) readField(read, rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
  checkPseudoHeaders(read, scheme)
  const host = read.authority ?? read.host
  const headers = host === undefined ? read.headers : ['host', host, ...read.headers]
  if (read.cookie !== '') headers.push('cookie', read.cookie)
  return {
    method: read.method !== undefined && methods.has(read.method) ? read.method : '',
    target: read.path ?? '',
    rawHeaders: headers,
    contentLength: read.contentLength,
    awaitsContinue: read.expect?.toLowerCase() === '100-continue',
    isGrpc: read.contentType?.startsWith('application/grpc') ?? false,
    reject: read.reject,
  }
}

function readField(read: Reading, name: string, value: string): void {
  read.bytes += name.length + value.length + 32
  if (read.bytes > http2Limits.headerListBytesMax) read.reject = { reason: 'headers_too_large' }
  if (name.charCodeAt(0) === 0x3a) {
    readPseudoHeader(read, name, value)
    return
  }
  read.isRegular = true
  if (!isHttp2Field(name, value)) refuse(read, '', 'invalid')
  else if (connectionSpecific.has(name)) refuse(read, name, 'invalid')
  else if (name === 'te' && value.toLowerCase() !== 'trailers') refuse(read, 'te', 'invalid')
  else if (name === 'host') readHost(read, value)
  else if (name === 'cookie') read.cookie += read.cookie === '' ? value : `; ${value}`
  else {
    if (name === 'content-length') read.contentLength = value
    else if (name === 'content-type') read.contentType ??= value
    else if (name === 'expect') read.expect = value
    read.headers.push(name, value)
  }
}

function readPseudoHeader(read: Reading, name: string, value: string): void {
  const slot = pseudoOf.get(name)
  if (slot === undefined) refuse(read, ':', 'invalid')
  else if (read[slot] !== undefined) refuse(read, name, 'duplicate')
  else if (read.isRegular) refuse(read, name, 'invalid')
  if (slot !== undefined) read[slot] ??= value
}

function readHost(read: Reading, value: string): void {
  if (read.host !== undefined) refuse(read, 'host', 'duplicate')
  read.host = value
}

function checkPseudoHeaders(read: Reading, scheme: 'http' | 'https'): void {
  const { method, path, authority, host } = read
  if (method === 'CONNECT') read.reject ??= { reason: 'method_not_allowed', allowed: [], rule: 'gateway' }
  else if (method === undefined || !methods.has(method)) refuse(read, ':method', fault(method))
  if (read.scheme !== scheme) refuse(read, ':scheme', fault(read.scheme))
  if (path === undefined) refuse(read, ':path', 'missing')
  else if (!path.startsWith('/')) read.reject ??= { reason: 'bad_path', fault: 'not_origin_form' }
  if (authority === '') refuse(read, ':authority', 'invalid')
  // RFC 9113 8.3.1: two names for one request, and servers differ in which they read.
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase()) {
    refuse(read, 'host', 'duplicate')
  }
}

/** The first fault is the one that is told. */
function refuse(read: Reading, name: string, fault: HeaderFault): void {
  read.reject ??= { reason: 'bad_header', name, fault }
}

function fault(value: string | undefined): HeaderFault {
  return value === undefined ? 'missing' : 'invalid'
}

function blankReading(): Reading {
  return {
    method: undefined,
    path: undefined,
    scheme: undefined,
    authority: undefined,
    host: undefined,
    cookie: '',
    contentLength: undefined,
    contentType: undefined,
    expect: undefined,
    bytes: 0,
    isRegular: false,
    headers: [],
    reject: undefined,
  }
}
