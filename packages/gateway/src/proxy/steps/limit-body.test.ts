import { expect, it } from 'vitest'
import { apiPlanOf } from '../../../test/fixtures/requests.ts'
import { limitBody } from './limit-body.ts'

it('a body larger than its API takes is refused by what it says of itself, one of that size is not', () => {
  const plan = apiPlanOf({ bodyBytesMax: 1000 })
  expect(limitBody({ bytes: 1000 }, plan)).toBeUndefined()
  expect(limitBody({ bytes: 1001 }, plan)).toEqual({
    reason: 'body_too_large',
    bytes: 1001,
    bytesMax: 1000,
    rule: 'apis.orders.bodyBytesMax',
  })
})

it('without a bound any size is let through, and with one of nothing only no body is', () => {
  expect(limitBody({ bytes: Number.MAX_SAFE_INTEGER }, apiPlanOf())).toBeUndefined()
  const none = apiPlanOf({ bodyBytesMax: 0 })
  expect([limitBody({ bytes: 0 }, none), limitBody({ bytes: 1 }, none)?.reason]).toEqual([undefined, 'body_too_large'])
})
