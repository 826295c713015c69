import { describe, expect, it } from 'vitest'
import { tokenOf } from '../../test/fixtures/compiled-plans.ts'
import { type AcceptedKind, checkTokenKind } from './token-kind.ts'

function verdict(accept: AcceptedKind, header: object, claims: object = {}): string {
  return checkTokenKind(tokenOf({ sub: 'alice', ...claims }, header), accept)?.reason ?? 'taken'
}

describe('S1 checkTokenKind', () => {
  it.each([[{}], [{ typ: 'JWT' }], [{ typ: 'jwt' }], [{ typ: 'at+jwt' }], [{ typ: 'application/at+JWT' }]])(
    'an access token may say %j',
    (header) => {
      expect(verdict('accessToken', header)).toBe('taken')
    },
  )

  it.each([
    'logout+jwt',
    'dpop+jwt',
    'client-authentication+jwt',
    'oauth-authz-req+jwt',
    'secevent+jwt',
    'token-introspection+jwt',
    'JOSE',
    'application/x/at+jwt',
  ])('typ %s is a mismatch for every kind of issuer', (typ) => {
    for (const accept of ['accessToken', 'rfc9068', 'idToken'] as const) {
      expect(verdict(accept, { typ })).toBe('typ_mismatch')
    }
  })

  it.each<[string, object]>([
    ['at_hash', { at_hash: 'x' }],
    ['c_hash', { c_hash: 'x' }],
    ['nonce', { nonce: 'n' }],
    ["Keycloak's typ ID", { typ: 'ID' }],
    ['events', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }],
    ["Keycloak's typ Refresh", { typ: 'Refresh' }],
    ["Keycloak's typ Offline", { typ: 'Offline' }],
    ["Keycloak's typ Logout", { typ: 'Logout' }],
    ['another spelling', { typ: 'refresh' }],
  ])('a token that says by %s that it is none is no access token', (_name, claims) => {
    expect(verdict('accessToken', { typ: 'JWT' }, claims)).toBe('token_kind')
  })

  it('a nonce is harmless in a token that says it is an access token', () => {
    expect(verdict('accessToken', { typ: 'at+jwt' }, { nonce: 'n' })).toBe('taken')
    expect(verdict('accessToken', { typ: 'JWT' }, { nonce: 'n', typ: 'Bearer' })).toBe('taken')
  })

  it('an at_hash outweighs what typ says', () => {
    expect(verdict('accessToken', { typ: 'at+jwt' }, { at_hash: 'x' })).toBe('token_kind')
    expect(verdict('rfc9068', { typ: 'at+jwt' }, { events: {} })).toBe('token_kind')
  })

  it('rfc9068 demands at+jwt', () => {
    expect(verdict('rfc9068', { typ: 'at+jwt' })).toBe('taken')
    expect(verdict('rfc9068', { typ: 'JWT' })).toBe('typ_mismatch')
    expect(verdict('rfc9068', {})).toBe('typ_mismatch')
  })

  it('idToken takes ID tokens and still no refresh, offline, logout or event token', () => {
    expect(verdict('idToken', { typ: 'JWT' }, { at_hash: 'x', nonce: 'n', typ: 'ID' })).toBe('taken')
    expect(verdict('idToken', {}, {})).toBe('taken')
    expect(verdict('idToken', { typ: 'at+jwt' })).toBe('typ_mismatch')
    for (const typ of ['Refresh', 'Offline', 'Logout']) expect(verdict('idToken', {}, { typ })).toBe('token_kind')
    expect(verdict('idToken', {}, { events: {} })).toBe('token_kind')
  })
})
