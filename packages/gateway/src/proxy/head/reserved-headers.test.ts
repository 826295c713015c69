import { describe, expect, it } from 'vitest'
import { headerClass } from './reserved-headers.ts'

describe('the reserved table', () => {
  it.each([
    ['connection', 'hopByHop'],
    ['TE', 'hopByHop'],
    ['Keep-Alive', 'hopByHop'],
    ['Proxy-Authorization', 'hopByHop'],
    ['Trailer', 'hopByHop'],
    ['Upgrade', 'hopByHop'],
    ['HTTP2-Settings', 'hopByHop'],
    ['Content_Length', 'framing'],
    ['transfer.encoding', 'framing'],
    ['host', 'framing'],
    ['Jotgate-Decision', 'reserved'],
    ['jotgate_anything', 'reserved'],
    ['X-Forwarded-For', 'forwarding'],
    ['x_forwarded_proto', 'forwarding'],
    ['X.Forwarded-Prefix', 'forwarding'],
    ['Forwarded', 'forwarding'],
    ['True-Client-IP', 'forwarding'],
    ['x_real.ip', 'forwarding'],
    ['X-Original-Host', 'forwarding'],
    ['X-Original-URL', 'override'],
    ['X_Rewrite_Url', 'override'],
    ['x-http-method', 'override'],
    ['X-HTTP-Method-Override', 'override'],
    ['X-Method-Override', 'override'],
    ['Client-Cert', 'identity'],
    ['X-Auth-Request-Email', 'identity'],
    ['SSL_CLIENT_S_DN', 'identity'],
  ])('%s is %s', (name, kind) => {
    expect(headerClass(name)).toBe(kind)
  })

  it.each([
    'accept',
    'authorization',
    'cookie',
    'x-request-id',
    'x-forwarded',
    'jotgate',
    'xforwarded-for',
    'hosts',
    'x-user',
  ])('%s passes from end to end', (name) => {
    expect(headerClass(name)).toBeUndefined()
  })
})
