import { describe, expect, it } from 'vitest'
import { claimsOf } from '../../../test/fixtures/compiled-plans.ts'
import { bindHead } from './bind-head.ts'

describe('S2 bindHead', () => {
  it('a token without cnf is a bearer token', () => {
    expect(bindHead(claimsOf({ sub: 'alice' }))).toBeUndefined()
  })

  it.each([
    [{ jkt: 'x' }, ['jkt']],
    [{ 'x5t#S256': 'x' }, ['x5t#S256']],
    [{ jkt: 'x', 'x5t#S256': 'y' }, ['jkt', 'x5t#S256']],
    [{ something_new: 1 }, ['something_new']],
    [{}, []],
  ])('a token bound by %j is never taken as a bearer token', (cnf, methods) => {
    expect(bindHead(claimsOf({ cnf }))).toEqual({ reason: 'confirmation_required', methods })
  })

  it.each([null, 'jkt', 1, true, [], [{ jkt: 'x' }]])('a cnf of %j is refused, not ignored', (cnf) => {
    expect(bindHead(claimsOf({ cnf }))).toEqual({ reason: 'claim_invalid', claim: 'cnf', fault: 'not_an_object' })
  })
})
