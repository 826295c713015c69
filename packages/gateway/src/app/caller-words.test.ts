import { expect, it } from 'vitest'
import { identifyPlanOf } from '../../test/fixtures/requests.ts'
import { callerWords } from './caller-words.ts'

const apiKey = { kind: 'header', name: 'x-api-key' } as const

it.each([
  [undefined, []],
  [identifyPlanOf(), ['subscribed applications, by claims of the token']],
  [identifyPlanOf({ lookup: 'relax' }), ['applications, and whoever has a good token, by claims of the token']],
  [
    identifyPlanOf({ byOwnTokens: true, apiKey, connector: 'and', lookup: 'open' }),
    ['registered applications, by claims of the token or tokens of their own and API key'],
  ],
  [
    identifyPlanOf({ byClaims: false, apiKey, allowAnonymous: true }),
    ['subscribed applications, by API key', 'callers without any credential'],
  ],
])('whom %j lets in', (plan, words) => {
  expect(callerWords(plan)).toEqual(words)
})
