import { describe, expect, it } from 'vitest'
import { apiPlanOf, compiledApiOf, identifyPlanOf } from '../../test/fixtures/requests.ts'
import type { TokenPlace } from '../compile/plan.ts'
import { cacheGuardOf } from './cache-guard.ts'

const { access } = apiPlanOf()
if (access.kind === 'public') throw new Error('protected by default')
const bearer: TokenPlace = { kind: 'header', name: 'authorization', scheme: 'bearer' }
const header: TokenPlace = { kind: 'header', name: 'x-token', scheme: undefined }
const cookie: TokenPlace = { kind: 'cookie', name: 'session', origins: [] }
const query: TokenPlace = { kind: 'query', name: 'token' }

describe('S17 what shared caches are told', () => {
  const key = { kind: 'header', name: 'x-api-key' } as const
  const keyed = compiledApiOf({
    access: { ...access, tokenPlaces: [bearer, cookie], identify: identifyPlanOf({ apiKey: key }) },
  })
  const inQuery = compiledApiOf({
    access: { ...access, identify: identifyPlanOf({ apiKey: { kind: 'query', name: 'key' } }) },
  })

  it.each([
    ['a token in Authorization', { api: keyed, place: bearer }, undefined],
    ['a token in another header', { api: keyed, place: header }, { isPrivate: true, vary: ['x-token'] }],
    ['a token in a cookie', { api: keyed, place: cookie }, { isPrivate: true, vary: ['cookie'] }],
    ['a token in the query', { api: keyed, place: query }, { isPrivate: true, vary: [] }],
    ['an API key', { api: keyed, apiKeyHash: 'h', withoutToken: true }, { isPrivate: true, vary: ['x-api-key'] }],
    ['an API key in the query', { api: inQuery, apiKeyHash: 'h', withoutToken: true }, { isPrivate: true, vary: [] }],
    ['both', { api: keyed, place: header, apiKeyHash: 'h' }, { isPrivate: true, vary: ['x-token', 'x-api-key'] }],
    [
      'an API key beside Authorization',
      { api: keyed, place: bearer, apiKeyHash: 'h' },
      { isPrivate: true, vary: ['x-api-key'] },
    ],
    [
      'nothing, where that is enough',
      { api: keyed, withoutToken: true },
      { isPrivate: false, vary: ['authorization', 'x-api-key', 'cookie'] },
    ],
    ['nothing, where nothing is asked', { api: keyed }, undefined],
    ['no API', {}, undefined],
  ])('of a request with %s', (_, trail, expected) => {
    const blank = { api: undefined, place: undefined, apiKeyHash: undefined, withoutToken: false }
    expect(cacheGuardOf({ ...blank, ...trail })).toEqual(expected)
  })
})
