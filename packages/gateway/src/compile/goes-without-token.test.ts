import { expect, it } from 'vitest'
import { apiPlanOf, identifyPlanOf } from '../../test/fixtures/requests.ts'
import { goesWithoutToken } from './goes-without-token.ts'
import type { IdentifyPlan } from './plan.ts'

const { access } = apiPlanOf()
if (access.kind === 'public') throw new Error('protected by default')
const apiKey = { kind: 'header', name: 'x-api-key' } as const

it.each<[string, Partial<IdentifyPlan> | undefined, readonly string[], boolean, boolean]>([
  ['nobody asks', undefined, ['main'], false, false],
  ['nobody asks and nobody is trusted: a plan no check lets through', undefined, [], false, false],
  ['API keys alone', { byClaims: false, apiKey }, [], true, true],
  ['a token and an API key', { byClaims: false, apiKey }, ['main'], false, false],
  ['either', { apiKey }, ['main'], false, true],
  ['both', { apiKey, connector: 'and' }, ['main'], false, false],
  ['own tokens or API keys', { byClaims: false, byOwnTokens: true, apiKey }, [], false, true],
  ['own tokens alone', { byClaims: false, byOwnTokens: true }, [], false, false],
  ['nobody, too', { apiKey, allowAnonymous: true }, ['main'], true, true],
])('%s', (_, asked, issuerIds, bare, withKey) => {
  const identify = asked === undefined ? undefined : identifyPlanOf(asked)
  const plan = { access: { ...access, issuerIds, identify } }
  expect([goesWithoutToken(plan, false), goesWithoutToken(plan, true)]).toEqual([bare, withKey])
})

it('a public API has no such question', () => {
  expect(goesWithoutToken({ access: { kind: 'public' } }, true)).toBe(false)
})
