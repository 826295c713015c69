import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claimsOf } from '../../../test/fixtures/compiled-plans.ts'
import { apiPlanOf, compiledApiOf, headOf, plainGateway, snapshotOf } from '../../../test/fixtures/requests.ts'
import { targetText } from '../../../test/fuzz/target-text.ts'
import { normalisePath } from '../../compile/normalise-path.ts'
import type { ApiPlan, ForwardedClaimPlan, TokenPlace } from '../../compile/plan.ts'
import type { CompiledApi } from '../../compile/snapshot.ts'
import { toClaimPath } from '../../domain/read-claim.ts'
import type { RequestHead } from '../head/request-head.ts'
import { shapeClaimHeaders, shapeUpstream, type UpstreamHead } from './shape-upstream.ts'

function shaped(head: RequestHead, api: CompiledApi, claimHeaders = ''): UpstreamHead {
  const result = shapeUpstream(head, api, claimHeaders, 'jotgate-test')
  if (!result.ok) throw new Error(result.error.reason)
  return result.value
}

function mapping(header: string, claim: string, unprintable: 'encode' | 'refuse' = 'encode'): ForwardedClaimPlan {
  return { path: toClaimPath(claim), header, unprintable, rule: `forward.${header}` }
}

function withPlaces(token: 'keep' | 'drop', ...tokenPlaces: readonly TokenPlace[]): CompiledApi {
  const { access } = apiPlanOf()
  if (access.kind === 'public') throw new Error('protected by default')
  return compiledApiOf({ access: { ...access, tokenPlaces }, forward: { token, claims: [], application: [] } })
}

const ours =
  'x-forwarded-for: 192.0.2.7\r\nx-forwarded-proto: http\r\nx-forwarded-host: api.example\r\nvia: 1.1 jotgate-test\r\n'

describe('the forwarded target', () => {
  it.each([
    ['/orders', '/'],
    ['/orders/', '/'],
    ['/orders/1/%40?a=%zz&b', '/1/%40?a=%zz&b'],
    ['/orders?x', '/?x'],
  ])('with stripPath %s becomes %s', (target, wanted) => {
    expect(shaped(headOf(target), compiledApiOf({ stripPath: true })).target).toBe(wanted)
    expect(shaped(headOf(target), compiledApiOf()).target).toBe(target)
  })

  it('never begins with two slashes, whatever the API opted into', () => {
    const api = compiledApiOf({ stripPath: true, pathForms: 7 })
    expect(shapeUpstream(headOf('/orders//evil.example/x'), api, '', 'jotgate-test')).toEqual({
      ok: false,
      error: { reason: 'bad_path', fault: 'empty_segment' },
    })
    expect(shaped(headOf('/orders/a//b'), api).target).toBe('/a//b')
  })

  it('is a normal path again after cutting the prefix: nothing new appears', () => {
    const api = compiledApiOf({ stripPath: true, pathForms: 7 })
    fc.assert(
      fc.property(targetText, (text) => {
        const normal = normalisePath(`/orders${text}`)
        if (!normal.ok) return
        const head = { ...headOf('/orders'), ...normal.value }
        const result = shapeUpstream(head, api, '', 'jotgate-test')
        if (!result.ok) return
        const again = normalisePath(result.value.target)
        expect(again.ok && again.value.path + again.value.query).toBe(result.value.target)
      }),
    )
  })

  it('carries the caller authority only where the API says so', () => {
    expect(shaped(headOf('/orders'), compiledApiOf()).authority).toBeUndefined()
    const { upstream } = apiPlanOf()
    const api = compiledApiOf({ upstream: { ...upstream, host: 'caller' } })
    expect(shaped(headOf('/orders'), api).authority).toBe('api.example')
  })
})

describe('the header block', () => {
  it('holds what the caller sent, as sent, and then what we say', () => {
    const head = headOf('/orders', ['Accept', '*/*', 'X-Request-Id', 'caf\xe9', 'Via', '1.0 other'])
    expect(shaped(head, compiledApiOf(), 'X-User: alice\r\n').headers).toBe(
      `Accept: */*\r\nX-Request-Id: caf\xe9\r\nVia: 1.0 other\r\n${ours}X-User: alice\r\n`,
    )
  })

  it('replaces forwarding headers of strangers and continues those of trusted proxies', () => {
    const sent = ['X-Forwarded-For', '6.6.6.6', 'X-Forwarded-Host', 'evil.example', 'Forwarded', 'for=6.6.6.6']
    expect(shaped(headOf('/orders', sent), compiledApiOf()).headers).toBe(ours)
    const gateway = { ...plainGateway, trustedProxies: ['192.0.2.7'] }
    expect(shaped(headOf('/orders', sent, {}, gateway), compiledApiOf()).headers).toBe(
      'x-forwarded-for: 6.6.6.6, 192.0.2.7\r\nx-forwarded-proto: http\r\nx-forwarded-host: evil.example\r\nvia: 1.1 jotgate-test\r\n',
    )
  })

  it('drops the token of every configured place and nothing else', () => {
    const api = withPlaces(
      'drop',
      { kind: 'header', name: 'authorization', scheme: 'bearer' },
      { kind: 'header', name: 'x-token', scheme: undefined },
      { kind: 'cookie', name: 'session', origins: [] },
      { kind: 'query', name: 'jwt' },
    )
    const head = headOf('/orders?a=1&jwt=t&b', [
      'Authorization',
      'bearer t',
      'Cookie',
      'a=1; session=t',
      'X_Token',
      't',
      'X-A',
      '1',
    ])
    expect(shaped(head, api)).toMatchObject({ target: '/orders?a=1&b', headers: `Cookie: a=1\r\nX-A: 1\r\n${ours}` })
    expect(shaped(headOf('/orders', ['Cookie', 'session=t']), api).headers).toBe(ours)
    const basic = headOf('/orders', ['Authorization', 'Basic YTpi'])
    expect(shaped(basic, api).headers).toBe(`Authorization: Basic YTpi\r\n${ours}`)
  })

  it('keeps the token where the API says so, but never in the query', () => {
    const api = withPlaces(
      'keep',
      { kind: 'header', name: 'authorization', scheme: 'bearer' },
      { kind: 'query', name: 'jwt' },
    )
    const head = headOf('/orders?jwt=t', ['Authorization', 'Bearer t'])
    expect(shaped(head, api)).toMatchObject({ target: '/orders', headers: `Authorization: Bearer t\r\n${ours}` })
  })
})

describe('S12 override and look-alike headers', () => {
  const names = ['X-HTTP-Method-Override', 'X-Original-URL', 'X-Forwarded-Prefix', 'True-Client-IP', 'X-Real-IP']
  const sent = names.flatMap((name) => [name, 'said', name.toLowerCase(), 'said', name.replaceAll('-', '_'), 'said'])

  it('are dropped unless the API names them', () => {
    expect(shaped(headOf('/orders', sent), compiledApiOf()).headers).toBe(ours)
  })

  it('pass where it does: those, spelled plainly, and no other', () => {
    const api = compiledApiOf({ allowHeaders: ['x-http-method-override', 'x-real-ip'] })
    const head = headOf('/orders', [...sent, 'x.real.ip', 'said', 'Accept', '*/*'])
    expect(shaped(head, api).headers).toBe(
      `Accept: */*\r\nX-HTTP-Method-Override: said\r\nx-http-method-override: said\r\nX-Real-IP: said\r\nx-real-ip: said\r\n${ours}`,
    )
  })

  it('are left out when Connection names them', () => {
    const head = headOf('/orders', ['X-Real-IP', 'said', 'X-Original-URL', '/x', 'Connection', 'x-real-ip'])
    const api = compiledApiOf({ allowHeaders: ['x-real-ip', 'x-original-url'] })
    expect(shaped(head, api).headers).toBe(`X-Original-URL: /x\r\n${ours}`)
  })

  it('nothing the gateway writes itself, and nothing that says who calls, is kept aside for that', () => {
    const head = headOf('/orders', ['Jotgate-Decision', 'x', 'Client-Cert', 'x', 'Remote-User', 'x', 'Host2', 'x'])
    expect(head.setAside).toEqual([])
  })
})

describe('S11 headers filled from claims', () => {
  const claims = [mapping('X-User', 'sub'), mapping('X-Roles', 'realm.roles'), mapping('X-Name', 'name', 'refuse')]
  const api = compiledApiOf({ forward: { token: 'keep', claims, application: [] } })

  it('are written from the claims; a missing claim writes none', () => {
    expect(shapeClaimHeaders(claimsOf({ sub: 'Zoë', realm: { roles: ['a,b', 'c'] } }), api)).toEqual({
      ok: true,
      value: 'X-User: Zo%C3%AB\r\nX-Roles: "a,b", "c"\r\n',
    })
    expect(shapeClaimHeaders(claimsOf({}), api)).toEqual({ ok: true, value: '' })
  })

  it('a claim that cannot be sent refuses the request and says which, never what', () => {
    expect(shapeClaimHeaders(claimsOf({ sub: { secret: 1 } }), api)).toEqual({
      ok: false,
      error: { reason: 'claim_unsendable', claim: 'sub', header: 'X-User', rule: 'forward.X-User' },
    })
    expect(shapeClaimHeaders(claimsOf({ name: 'Zoë' }), api)).toMatchObject({ error: { header: 'X-Name' } })
  })

  const fillers = Array.from({ length: 90 }, (_, at) => [`x-filler-${at}`, '1']).flat()
  it.each<[string, readonly string[]]>([
    ['as configured', ['X-User', 'admin']],
    ['in lower case', ['x-user', 'admin']],
    ['with an underscore', ['X_User', 'admin']],
    ['with a dot', ['x.USER', 'admin']],
    ['twice', ['X-User', 'admin', 'x_user', 'admin']],
    ['behind fillers', [...fillers, 'X-User', 'admin']],
    ['named by Connection', ['X-User', 'admin', 'Connection', 'x-user, x-roles, jotgate-decision']],
  ])("the caller's own is removed, sent %s, whether or not the claim is there", (_, rawHeaders) => {
    const head = headOf('/orders', rawHeaders)
    expect(shaped(head, api).headers).not.toContain('admin')
    const block = shaped(head, api, 'X-User: alice\r\n').headers
    expect(block).not.toContain('admin')
    expect(block).toContain('X-User: alice\r\n')
  })

  it("the caller's own is removed on public routes and on every other API of the gateway", () => {
    const open: ApiPlan = apiPlanOf({ id: 'open', segments: ['open'], access: { kind: 'public' } })
    const snapshot = snapshotOf(open, apiPlanOf({ forward: { token: 'keep', claims, application: [] } }))
    const other = snapshot.apis[0]
    if (other === undefined) throw new Error('no API')
    expect(shaped(headOf('/open', ['x_user', 'admin', 'X-Roles', 'admin']), other).headers).toBe(ours)
  })

  it('a kept block belongs to claims and API, not to the request', () => {
    const block = shapeClaimHeaders(claimsOf({ sub: 'alice' }), api)
    const one = shaped(headOf('/orders/1', ['X-A', '1']), api, block.ok ? block.value : '')
    const two = shaped(headOf('/orders/2'), api, block.ok ? block.value : '')
    expect(one.headers).toBe(`X-A: 1\r\n${ours}X-User: alice\r\n`)
    expect(two.headers).toBe(`${ours}X-User: alice\r\n`)
  })
})
