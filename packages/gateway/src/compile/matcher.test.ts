import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apiPlanOf, snapshotOf } from '../../test/fixtures/requests.ts'
import type { ApiPlan } from './plan.ts'
import type { Snapshot } from './snapshot.ts'

function listening(id: string, path: string, host?: string): ApiPlan {
  return apiPlanOf({ id, host, segments: path.split('/').filter((segment) => segment !== '') })
}

function matched(snapshot: Snapshot, host: string, path: string): string | undefined {
  return snapshot.match(host, path)?.plan.id
}

describe('match by host and whole segments', () => {
  const snapshot = snapshotOf(
    listening('orders', '/orders'),
    listening('archive', '/orders/archive'),
    listening('shop', '/', 'shop.example'),
    listening('shop-orders', '/orders', 'shop.example'),
    listening('admin', '/admin', 'admin.example'),
  )

  it.each([
    ['/orders', 'orders'],
    ['/orders/', 'orders'],
    ['/orders/x', 'orders'],
    ['/orders/archived', 'orders'],
    ['/orders/archive', 'archive'],
    ['/orders/archive/2', 'archive'],
    ['/ordersx', undefined],
    ['/Orders', undefined],
    ['/order', undefined],
    ['/', undefined],
  ])('%s belongs to %s', (path, id) => {
    expect(matched(snapshot, 'any.example', path)).toBe(id)
  })

  it('prefers a named host to none, even with a shorter path', () => {
    expect(matched(snapshot, 'shop.example', '/orders/archive/2')).toBe('shop-orders')
    expect(matched(snapshot, 'shop.example', '/else')).toBe('shop')
  })

  it('falls back to APIs of any host where the named host has none for the path', () => {
    expect(matched(snapshot, 'admin.example', '/orders/1')).toBe('orders')
  })

  it('refuses to put two APIs in one place', () => {
    expect(() => snapshotOf(listening('a', '/x'), listening('b', '/x'))).toThrow('one place')
  })

  it('agrees with a search through all prefixes', () => {
    const path = fc.array(fc.constantFrom('a', 'b', 'ab', '%40', 'Aa', 'BB'), { maxLength: 4 })
    fc.assert(
      fc.property(
        fc.uniqueArray(path, { selector: (segments) => segments.join('/'), maxLength: 8 }),
        path,
        (prefixes, asked) => {
          const plans = prefixes.map((segments, at) => apiPlanOf({ id: `api${at}`, segments }))
          const fits = prefixes.filter((prefix) => prefix.every((segment, at) => asked[at] === segment))
          const longest = fits.sort((a, b) => b.length - a.length)[0]
          const wanted = longest === undefined ? undefined : `api${prefixes.indexOf(longest)}`
          expect(matched(snapshotOf(...plans), '', `/${asked.join('/')}`)).toBe(wanted)
        },
      ),
    )
  })
})
