import { describe, expect, it } from 'vitest'
import { apiPlanOf, headOf, routeOf, snapshotOf } from '../../../test/fixtures/requests.ts'
import type { CompiledApi, EffectiveAccess, Snapshot } from '../../compile/snapshot.ts'
import { pathForm } from '../../domain/path-form.ts'
import type { Reject } from '../../domain/reject.ts'
import { ok, type Result } from '../../domain/result.ts'
import type { RequestHead } from '../head/request-head.ts'
import { matchAccess, matchApi } from './match-api.ts'

interface Matched {
  readonly api: CompiledApi
  readonly access: EffectiveAccess
}

function match(head: RequestHead, snapshot: Snapshot): Result<Matched, Reject> {
  const api = matchApi(head, snapshot)
  if (!api.ok) return api
  const access = matchAccess(head, api.value, snapshot)
  return access.ok ? ok({ api: api.value, access: access.value }) : access
}

const open = { kind: 'public' } as const
const all = pathForm.encodedSlash | pathForm.emptySegments | pathForm.parameters

describe('an encoded slash that an API takes as data', () => {
  const snapshot = snapshotOf(
    apiPlanOf({ id: 'files', segments: ['files'], pathForms: pathForm.encodedSlash, access: open }),
    apiPlanOf({ id: 'admin', segments: ['files', 'admin'] }),
  )

  it('stays in its segment', () => {
    expect(match(headOf('/files/group%2Fname/x'), snapshot).ok).toBe(true)
  })

  it.each(['/files/admin%2Fx', '/files/%61dmin%2fx', '/files/%2Fadmin/x'])(
    '%s lends no path to another API, for servers that split there',
    (path) => {
      expect(match(headOf(path), snapshot)).toMatchObject({ error: { reason: 'bad_path', fault: 'ambiguous' } })
    },
  )
})

describe('matching the API', () => {
  it('names what is unknown, refused by form, or not allowed', () => {
    const snapshot = snapshotOf(apiPlanOf({ methods: ['GET'] }))
    expect(match(headOf('/else'), snapshot)).toMatchObject({ error: { reason: 'api_unknown' } })
    expect(match(headOf('/orders/a%2fb'), snapshot)).toMatchObject({
      error: { reason: 'bad_path', fault: 'encoded_slash' },
    })
    expect(match(headOf('/orders//b'), snapshot)).toMatchObject({ error: { fault: 'empty_segment' } })
    expect(match(headOf('/orders/a;b'), snapshot)).toMatchObject({ error: { fault: 'parameter' } })
    expect(match(headOf('/orders', [], { method: 'POST' }), snapshot)).toEqual({
      ok: false,
      error: { reason: 'method_not_allowed', allowed: ['GET'], rule: 'apis.orders.methods' },
    })
    expect(match(headOf('/orders/1'), snapshot)).toMatchObject({
      ok: true,
      value: { access: { kind: 'protected' } },
    })
  })

  it('lets a form through that the API opted into', () => {
    const snapshot = snapshotOf(apiPlanOf({ pathForms: all }))
    for (const path of ['/orders/a%2Fb', '/orders//b', '/orders/a;v=1/b', '/orders/a%3Bv']) {
      expect(match(headOf(path), snapshot).ok).toBe(true)
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
    expect(match(headOf(path), snapshot)).toMatchObject({ error: { reason: 'bad_path', fault: 'ambiguous' } })
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
    const found = match(headOf(path), snapshot)
    expect(found.ok && found.value.api.plan.id).toBe(id)
    expect(found.ok && found.value.access.routes.length).toBe(routes)
  })
})
