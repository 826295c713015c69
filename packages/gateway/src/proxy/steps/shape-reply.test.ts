import { describe, expect, it } from 'vitest'
import { compiledApiOf, corsOf } from '../../../test/fixtures/requests.ts'
import type { TokenPlace } from '../../compile/plan.ts'
import { cacheGuardOf } from '../cache-guard.ts'
import { shapeReply } from './shape-reply.ts'

const bearer: TokenPlace = { kind: 'header', name: 'authorization', scheme: 'bearer' }
const cookie: TokenPlace = { kind: 'cookie', name: 'session', origins: [] }

function reply(rawHeaders: readonly string[], place: TokenPlace | undefined = bearer): string[] {
  const guard = cacheGuardOf({ api: compiledApiOf(), place, apiKeyHash: undefined, withoutToken: false })
  const shaped = shapeReply(rawHeaders, guard, 'id-1')
  return shaped.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${shaped[at + 1]}`] : []))
}

describe('shaping the answer', () => {
  it('keeps end-to-end headers in order and adds the decision', () => {
    expect(reply(['Content-Type', 'text/plain', 'Set-Cookie', 'a', 'Set-Cookie', 'b', 'X_Odd', 'caf\xe9'])).toEqual([
      'Content-Type: text/plain',
      'Set-Cookie: a',
      'Set-Cookie: b',
      'X_Odd: caf\xe9',
      'jotgate-decision: id-1',
    ])
  })

  it.each([
    'Connection',
    'Keep-Alive',
    'Proxy-Authenticate',
    'Trailer',
    'Transfer-Encoding',
    'Content-Length',
    'Upgrade',
    'jotgate-decision',
    'Jotgate_Decision',
  ])('leaves out %s', (name) => {
    expect(reply([name, 'x'])).toEqual(['jotgate-decision: id-1'])
  })

  it('leaves out what Connection names, but nothing we add', () => {
    const rawHeaders = ['X-Hop', '1', 'Connection', 'x-hop', 'Connection', 'jotgate-decision, x_other', 'X-Other', '2']
    expect(reply(rawHeaders)).toEqual(['jotgate-decision: id-1'])
  })

  it('leaves out what is no header: nothing of it can become a line of ours', () => {
    expect(reply(['x-a', 'b\r\nx-evil: 1', 'x b', '1', 'x-c', 'Ċ'])).toEqual(['jotgate-decision: id-1'])
  })
})

describe('S18 where the API has `cors` the gateway alone says what pages may read', () => {
  const sent = [
    'Access-Control-Allow-Origin',
    '*',
    'access-control-allow-credentials',
    'true',
    'Access_Control_Expose_Headers',
    'X-A',
    'Vary',
    'Accept',
    'X-A',
    '1',
  ]

  it("removes what the upstream said of it, in every spelling, and keeps the rest of the upstream's Vary", () => {
    expect(shapeReply(sent, undefined, 'id-1', corsOf(), 'https://elsewhere.example')).toEqual([
      'Vary',
      'Accept',
      'X-A',
      '1',
      'vary',
      'Origin',
      'jotgate-decision',
      'id-1',
    ])
    expect(shapeReply(sent, undefined, 'id-1', corsOf(), 'https://app.example')).toEqual(
      expect.arrayContaining(['access-control-allow-origin', 'https://app.example']),
    )
  })

  it('without it everything of the upstream passes', () => {
    expect(shapeReply(sent, undefined, 'id-1', undefined, 'https://app.example').slice(0, -2)).toEqual(sent)
  })
})

describe('S17 shared caches keep away from answers to tokens outside Authorization', () => {
  it.each<[string | undefined, string]>([
    [undefined, 'private'],
    ['max-age=60', 'private, max-age=60'],
    ['public, max-age=60, s-maxage=600', 'private, max-age=60'],
    ['PUBLIC', 'private'],
    ['private="set-cookie, x", no-transform', 'private, no-transform'],
    ['no-cache="a, public"', 'private, no-cache="a, public"'],
    ['no-store', 'no-store'],
    ['max-age=5, Private', 'private, max-age=5'],
    ['public, private, s-maxage=600', 'private'],
  ])('Cache-Control %s becomes %s', (value, wanted) => {
    const rawHeaders = value === undefined ? [] : ['Cache-Control', value]
    expect(reply(rawHeaders, cookie)).toContain(`cache-control: ${wanted}`)
    expect(reply(rawHeaders, bearer).some((line) => line.startsWith('cache-control: private'))).toBe(false)
  })

  it('Vary names the header that carried the token', () => {
    expect(reply(['Vary', 'Accept'], cookie)).toEqual(expect.arrayContaining(['Vary: Accept', 'vary: cookie']))
    expect(reply([], { kind: 'header', name: 'x-token', scheme: undefined })).toContain('vary: x-token')
    expect(reply([], { kind: 'query', name: 'jwt' })).not.toContain('vary: query')
    expect(reply([], bearer)).toEqual(['jotgate-decision: id-1'])
  })

  it('cache instructions for one vendor alone cannot overrule it', () => {
    expect(reply(['CDN-Cache-Control', 'max-age=600', 'Surrogate-Control', 'max-age=600'], cookie)).toEqual([
      'cache-control: private',
      'vary: cookie',
      'jotgate-decision: id-1',
    ])
  })
})
