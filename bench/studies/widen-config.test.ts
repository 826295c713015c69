import { expect, it } from 'vitest'
import { benchConfig } from './bench-config.ts'
import { type Width, widenConfig } from './widen-config.ts'

const base = benchConfig(9000, { keys: { jwksUri: 'http://127.0.0.1:9001/' } })
const width: Width = { others: 3, edition: 0, editionOfAll: 0, upstreamPort: 9000, jwk: { kty: 'RSA' } }

function changedApis(one: Width, other: Width): string[] {
  const [before, after] = [widenConfig(base, one).apis, widenConfig(base, other).apis]
  return Object.keys(after).filter((id) => JSON.stringify(after[id]) !== JSON.stringify(before[id]))
}

it('each of the others has an API and an issuer', () => {
  const { apis, issuers } = widenConfig(base, width)
  expect(Object.keys(apis)).toEqual(['bench', 'edited', 'other-0', 'other-1', 'other-2'])
  expect(Object.keys(issuers)).toEqual(['bench', 'other-0', 'other-1', 'other-2'])
})

it('an edition changes one entry, an edition of all every API', () => {
  expect(changedApis(width, { ...width, edition: 1 })).toEqual(['edited'])
  expect(changedApis(width, { ...width, editionOfAll: 1 })).toEqual(['bench', 'other-0', 'other-1', 'other-2'])
})
