import { describe, expect, it } from 'vitest'
import { formatLost, formatRoutes } from './routes.ts'

describe('what routes prints', () => {
  it('lists each route with what protects it', () => {
    const routes = [
      { api: 'orders', place: '/orders/*', methods: 'all', protections: ['issuer acme for orders', 'a policy'] },
      { api: 'orders', place: '/orders/ping', methods: ['GET', 'HEAD'], protections: [] },
    ] as const
    expect(formatRoutes(routes)).toBe(`API     PATH          METHODS   PROTECTED BY
orders  /orders/*     all       issuer acme for orders; a policy
orders  /orders/ping  GET HEAD  nothing: it is open
`)
  })

  it('says what was lost where, or that nothing was', () => {
    const lost = [{ place: 'api.test/orders/*', methods: ['GET'], lost: 'scope: admin' }]
    expect(formatLost(lost, 'old.yaml')).toBe(`PATH               METHODS  LOST
api.test/orders/*  GET      scope: admin

1 protection lost since old.yaml.
`)
    expect(formatLost([], 'old.yaml')).toBe('No route lost a protection since old.yaml.\n')
  })
})
