import { describe, expect, it } from 'vitest'
import { apiPlanOf, headOf, routeOf, snapshotOf } from '../../../test/fixtures/requests.ts'
import { pathForm } from '../../domain/path-form.ts'
import { matchApi } from './match-api.ts'

const open = { kind: 'public' } as const
const all = pathForm.encodedSlash | pathForm.emptySegments | pathForm.parameters

describe('matching the API', () => {
  it('names what is unknown, refused by form, or not allowed', () => {
    const snapshot = snapshotOf(apiPlanOf({ methods: ['GET'] }))
    expect(matchApi(headOf('/else'), snapshot)).toMatchObject({ error: { reason: 'api_unknown' } })
    expect(matchApi(headOf('/orders/a%2fb'), snapshot)).toMatchObject({
      error: { reason: 'bad_path', fault: 'encoded_slash' },
    })
    expect(matchApi(headOf('/orders//b'), snapshot)).toMatchObject({ error: { fault: 'empty_segment' } })
    expect(matchApi(headOf('/orders/a;b'), snapshot)).toMatchObject({ error: { fault: 'parameter' } })
    expect(matchApi(headOf('/orders', [], { method: 'POST' }), snapshot)).toEqual({
      ok: false,
      error: { reason: 'method_not_allowed', allowed: ['GET'], rule: 'apis.orders.methods' },
    })
    expect(matchApi(headOf('/orders/1'), snapshot)).toMatchObject({
      ok: true,
      value: { access: { kind: 'protected' } },
    })
  })

  it('lets a form through that the API opted into', () => {
    const snapshot = snapshotOf(apiPlanOf({ pathForms: all }))
    for (const path of ['/orders/a%2Fb', '/orders//b', '/orders/a;v=1/b', '/orders/a%3Bv']) {
      expect(matchApi(headOf(path), snapshot).ok).toBe(true)
    }
  })
})

describe('a path that another server reads differently meets the same rules or is refused', () => {
  const require = { audiences: [], claims: [], scopes: [] }
  const snapshot = snapshotOf(
    apiPlanOf({ id: 'site', segments: [], access: open, pathForms: all }),
    apiPlanOf({ id: 'me', segments: ['@me'] }),
    apiPlanOf({
      pathForms: all,
      routes: [routeOf('/@admin/*', { require }), routeOf('/%40encoded', { require }), routeOf('/users/*/x')],
    }),
  )

  it.each([
    '/%40me',
    '/%40me/x',
    '/@me;v=1',
    '/orders/%40admin/x',
    '/orders/@admin;v/x',
    '/orders/@%61dmin%3bv',
    '/orders//@admin',
    '/orders;v=1',
  ])('%s is refused: its two readings meet other rules', (path) => {
    expect(matchApi(headOf(path), snapshot)).toMatchObject({ error: { reason: 'bad_path', fault: 'ambiguous' } })
  })

  it.each([
    ['/orders/%40other', 'orders', 0],
    ['/orders/100%25', 'orders', 0],
    ['/orders/a%2F@admin', 'orders', 0],
    ['/orders/users/a%2Fb;v/x', 'orders', 1],
    ['/orders/users/%E2%82%AC/x', 'orders', 1],
    ['/orders/%40encoded', 'orders', 1],
    ['/orders/@encoded', 'orders', 1],
    ['/%40you', 'site', 0],
    ['/x;/@me', 'site', 0],
  ])('%s belongs to %s with %i routes by either reading', (path, id, routes) => {
    const match = matchApi(headOf(path), snapshot)
    expect(match.ok && match.value.api.plan.id).toBe(id)
    expect(match.ok && match.value.access.routes.length).toBe(routes)
  })
})
