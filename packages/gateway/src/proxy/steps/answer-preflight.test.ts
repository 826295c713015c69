import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { corsOf, headOf } from '../../../test/fixtures/requests.ts'
import type { CorsPlan } from '../../compile/plan.ts'
import { isFieldValue } from '../head/header-value.ts'
import { answerPreflight } from './answer-preflight.ts'

const page = ['Origin', 'https://app.example', 'Access-Control-Request-Method', 'PUT']

function ask(rawHeaders: readonly string[], cors: Partial<CorsPlan> = {}, method = 'OPTIONS') {
  return answerPreflight(headOf('/orders', rawHeaders, { method }), corsOf(cors))
}

describe('S18 a preflight', () => {
  it('is told what the configuration lists, whatever of it was asked for', () => {
    expect(ask([...page, 'Access-Control-Request-Headers', 'authorization,content-type'])).toEqual({
      ok: true,
      value: {
        status: 204,
        rawHeaders: [
          'access-control-allow-origin',
          'https://app.example',
          'access-control-allow-methods',
          'GET, PUT',
          'access-control-allow-headers',
          'authorization, content-type',
          'access-control-max-age',
          '600',
        ],
      },
    })
  })

  it('asks with OPTIONS, Origin and Access-Control-Request-Method; nothing else is one', () => {
    expect(ask(page, {}, 'GET')).toBeUndefined()
    expect(ask(['Origin', 'https://app.example'])).toBeUndefined()
    expect(ask(['Access-Control-Request-Method', 'PUT'])).toBeUndefined()
    expect(answerPreflight(headOf('/orders', page, { method: 'OPTIONS' }), undefined)).toBeUndefined()
  })

  it.each<[string, string, readonly string[], Partial<CorsPlan>]>([
    ['origin', 'https://elsewhere.example', ['Origin', 'https://elsewhere.example', ...page.slice(2)], {}],
    ['origin', 'null', ['Origin', 'null', ...page.slice(2)], { origins: 'any' }],
    ['method', 'DELETE', [...page.slice(0, 3), 'DELETE'], {}],
    ['method', 'put', [...page.slice(0, 3), 'put'], {}],
    ['method', 'PUT, GET', [...page, 'Access-Control-Request-Method', 'GET'], {}],
    ['header', 'x-secret', [...page, 'Access-Control-Request-Headers', 'content-type, X-Secret'], {}],
    ['header', 'x y', [...page, 'Access-Control-Request-Headers', 'x y'], { headers: 'any' }],
  ])('is refused for its %s %j, and the line that lists the allowed ones is named', (part, asked, sent, cors) => {
    expect(ask(sent, cors)).toEqual({
      ok: false,
      error: { reason: 'preflight_refused', part, asked, rule: `apis.orders.cors.${part}s` },
    })
  })

  it('`Connection` hides nothing of it', () => {
    const connection = ['Connection', 'origin, access-control-request-method, access-control-request-headers']
    const sent = [...page, 'Access-Control-Request-Headers', 'x-secret', ...connection]
    expect(ask(sent)).toMatchObject({ ok: false, error: { part: 'header' } })
  })

  it('is never granted a private network', () => {
    const answer = ask([...page, 'Access-Control-Request-Private-Network', 'true'])
    expect(JSON.stringify(answer)).not.toContain('private-network')
  })

  it('any header means those asked for, by name, so that it covers Authorization and cookies too', () => {
    const names = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 12 }), { maxLength: 5 })
    fc.assert(
      fc.property(names, (asked) => {
        const list = asked.join(',')
        if (!isFieldValue(list)) return
        const answer = ask([...page, 'Access-Control-Request-Headers', list], { headers: 'any' })
        if (answer === undefined || !answer.ok) return
        const { rawHeaders } = answer.value
        const given = rawHeaders[rawHeaders.indexOf('access-control-allow-headers') + 1] ?? ''
        if (rawHeaders.includes('access-control-allow-headers'))
          expect(given).toMatch(/^[!#$%&'*+.^_`|~0-9a-z-]+(, [!#$%&'*+.^_`|~0-9a-z-]+)*$/)
      }),
    )
    const answer = ask([...page, 'Access-Control-Request-Headers', 'Authorization, X-A'], { headers: 'any' })
    expect(answer).toMatchObject({ value: { rawHeaders: expect.arrayContaining(['authorization, x-a']) } })
  })
})
