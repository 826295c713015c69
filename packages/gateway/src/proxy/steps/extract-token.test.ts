import { describe, expect, it } from 'vitest'
import { issuerOf } from '../../../test/fixtures/compiled-plans.ts'
import { apiPlanOf, compiledApiOf, headOf } from '../../../test/fixtures/requests.ts'
import type { TokenPlace } from '../../compile/plan.ts'
import type { CompiledApi } from '../../compile/snapshot.ts'
import { extractToken } from './extract-token.ts'

const bearer: TokenPlace = { kind: 'header', name: 'authorization', scheme: 'bearer' }
const query: TokenPlace = { kind: 'query', name: 'jwt' }
const cookie: TokenPlace = { kind: 'cookie', name: 'session', origins: ['https://app.example'] }
const custom: TokenPlace = { kind: 'header', name: 'x-token', scheme: undefined }

function apiWith(...tokenPlaces: readonly TokenPlace[]): CompiledApi {
  const { access } = apiPlanOf()
  if (access.kind === 'public') throw new Error('protected by default')
  return compiledApiOf({ access: { ...access, tokenPlaces, tokenBytesMax: 20 } })
}

/** The token, or the reason there is none. */
function outcome(api: CompiledApi, target: string, rawHeaders: readonly string[] = [], method = 'GET'): string {
  const found = extractToken(headOf(target, rawHeaders, { method }), api)
  return found.ok ? `${found.value.token} in ${found.value.place.kind}` : found.error.reason
}

describe('the token in a header', () => {
  it.each([
    ['Bearer a.b.c', 'a.b.c in header'],
    ['bearer a.b.c', 'a.b.c in header'],
    ['BEARER   a.b.c', 'a.b.c in header'],
    ['Bearer opaque', 'opaque in header'],
    ['Bearer', 'token_malformed'],
    ['Bearer opaque,x', 'token_malformed'],
    ['Bearer opaque x', 'token_malformed'],
    ['Bearer\ta.b.c', 'token_missing'],
    ['Bearera.b.c', 'token_missing'],
    ['a.b.c', 'token_missing'],
    ['', 'token_missing'],
    ['Basic YTpi', 'token_missing'],
    ['DPoP a.b.c', 'token_missing'],
    ['Bearer 0123456789.123456.890', 'token_too_large'],
  ])('of Authorization %j is %s', (value, wanted) => {
    expect(outcome(apiWith(bearer), '/orders', ['Authorization', value])).toBe(wanted)
  })

  it('without a scheme is the whole value of the header', () => {
    expect(outcome(apiWith(custom), '/orders', ['X-Token', 'a.b.c'])).toBe('a.b.c in header')
    expect(outcome(apiWith(custom), '/orders', ['X-Token', 'Bearer x'])).toBe('token_malformed')
  })

  it('twice is ambiguous, also in another spelling', () => {
    expect(outcome(apiWith(custom), '/orders', ['X-Token', 'a', 'x-token', 'a'])).toBe('token_ambiguous')
    expect(outcome(apiWith(custom), '/orders', ['X-Token', 'a', 'X_Token', 'b'])).toBe('token_ambiguous')
  })

  it('is read from a header that never goes on to the upstream, too', () => {
    const place: TokenPlace = { kind: 'header', name: 'x-forwarded-access-token', scheme: undefined }
    expect(outcome(apiWith(place), '/orders', ['X-Forwarded-Access-Token', 'a.b.c'])).toBe('a.b.c in header')
  })

  it('a token of dots and anything goes to no introspection endpoint', () => {
    const { access } = apiPlanOf()
    if (access.kind === 'public') throw new Error('protected by default')
    const asking = { ...apiWith(bearer), introspecting: [issuerOf({ trust: 'introspection' })] }
    expect(outcome(asking, '/orders', ['Authorization', 'Bearer a.b.c d'])).toBe('token_malformed')
  })
})

describe('S17 cookie and query tokens', () => {
  it('a query token is read decoded, once', () => {
    expect(outcome(apiWith(query), '/orders?a=1&jwt=a%2Eb.c')).toBe('a.b.c in query')
    expect(outcome(apiWith(query), '/orders?jwt=a&jwt=b')).toBe('token_ambiguous')
    expect(outcome(apiWith(query), '/orders?jwt=a&%6awt=b')).toBe('token_ambiguous')
    expect(outcome(apiWith(query), '/orders?jwt=%zz')).toBe('token_malformed')
    expect(outcome(apiWith(query), '/orders?jwt=')).toBe('token_malformed')
    expect(outcome(apiWith(bearer), '/orders?jwt=a')).toBe('token_missing')
  })

  it('a cookie token is the one cookie of its name', () => {
    expect(outcome(apiWith(cookie), '/orders', ['Cookie', 'a=1; session=x.y.z'])).toBe('x.y.z in cookie')
    expect(outcome(apiWith(cookie), '/orders', ['Cookie', 'session=x; session=x'])).toBe('token_ambiguous')
    expect(outcome(apiWith(cookie), '/orders', ['Cookie', 'session=x', 'Cookie', 'session=y'])).toBe('token_ambiguous')
    expect(outcome(apiWith(cookie), '/orders', ['Cookie', 'other=x'])).toBe('token_missing')
  })

  it.each([
    ['no origin', [], 'origin_not_allowed'],
    ['a foreign origin', ['Origin', 'https://evil.example'], 'origin_not_allowed'],
    ['a lookalike origin', ['Origin', 'https://app.example.evil.example'], 'origin_not_allowed'],
    ['origin null', ['Origin', 'null'], 'origin_not_allowed'],
    ['another site', ['Sec-Fetch-Site', 'cross-site'], 'origin_not_allowed'],
    ['the same site', ['Sec-Fetch-Site', 'same-site'], 'origin_not_allowed'],
    ['the configured origin', ['Origin', 'https://app.example'], 'x in cookie'],
    ['the same origin', ['Sec-Fetch-Site', 'same-origin'], 'x in cookie'],
  ])('a cookie on an unsafe method with %s: %s', (_, rawHeaders, wanted) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(outcome(apiWith(cookie), '/orders', ['Cookie', 'session=x', ...rawHeaders], method)).toBe(wanted)
    }
    expect(outcome(apiWith(cookie), '/orders', ['Cookie', 'session=x', ...rawHeaders])).toBe('x in cookie')
  })
})

describe('more than one token is refused, never chosen from', () => {
  const api = apiWith(bearer, query, cookie, custom)
  const places: readonly [string, readonly string[], string][] = [
    ['authorization', ['Authorization', 'Bearer a'], ''],
    ['query', [], '?jwt=b'],
    ['cookie', ['Cookie', 'session=c'], ''],
    ['header', ['X-Token', 'd'], ''],
  ]

  it('each place alone is a token, any two are ambiguous', () => {
    for (const [one, headers, search] of places) {
      expect(outcome(api, `/orders${search}`, headers)).toContain(' in ')
      for (const [other, otherHeaders, otherSearch] of places) {
        if (one !== other) {
          expect(outcome(api, `/orders${search || otherSearch}`, [...headers, ...otherHeaders])).toBe('token_ambiguous')
        }
      }
    }
  })

  it.each(['?access_token=x', '?a&access_token', '?acces%73_token=x'])(
    'the known place %s that is not configured is ambiguous beside a token, and no token by itself',
    (search) => {
      expect(outcome(apiWith(bearer), `/orders${search}`, ['Authorization', 'Bearer a'])).toBe('token_ambiguous')
      expect(outcome(apiWith(bearer), `/orders${search}`)).toBe('token_missing')
    },
  )

  it('Authorization: Bearer beside a token elsewhere is ambiguous, Basic is not a token', () => {
    expect(outcome(apiWith(cookie), '/orders', ['Cookie', 'session=c', 'Authorization', 'Bearer a'])).toBe(
      'token_ambiguous',
    )
    expect(outcome(apiWith(cookie), '/orders', ['Cookie', 'session=c', 'Authorization', 'Basic a'])).toBe('c in cookie')
  })

  it('S17 Authorization: Bearer beside a token elsewhere is ambiguous also where Authorization holds another scheme', () => {
    const otherScheme = apiWith({ kind: 'header', name: 'authorization', scheme: 'jwt' }, cookie)
    const both = (authorization: string): string =>
      outcome(otherScheme, '/orders', ['Cookie', 'session=c', 'Authorization', authorization])
    expect(both('Bearer a')).toBe('token_ambiguous')
    expect(both('JWT a')).toBe('token_ambiguous')
    expect(both('Basic a')).toBe('c in cookie')
  })

  it('names the places, never the tokens', () => {
    const found = extractToken(headOf('/orders?jwt=secret', ['Authorization', 'Bearer secret']), api)
    expect(JSON.stringify(found)).not.toContain('secret')
    expect(found).toMatchObject({
      error: { places: ['header authorization', 'query jwt', 'cookie session', 'header x-token'] },
    })
  })
})
