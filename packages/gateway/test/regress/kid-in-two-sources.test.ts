import { describe, expect, it } from 'vitest'
import { findAlgorithm } from '../../src/domain/algorithm.ts'
import type { KeyRecord } from '../../src/domain/key.ts'
import { indexOnce } from '../../src/keys/index-once.ts'
import { type KeySourceStatus, noteClashes } from '../../src/keys/jwks/jwks-client-status.ts'
import { indexKeys } from '../../src/keys/key-index.ts'
import { type FindKeyPorts, findKey } from '../../src/proxy/steps/find-key.ts'
import { allAlgorithmBits, issuerOf, tokenOf } from '../fixtures/compiled-plans.ts'

function key(thumbprint: string, kid?: string): KeyRecord {
  return {
    kind: 'public',
    thumbprint,
    kid,
    aliases: [thumbprint],
    algorithmBits: allAlgorithmBits,
    issuer: undefined,
    jwk: { kty: 'EC', crv: 'P-256', x: thumbprint, y: '' },
    modulusBytes: undefined,
  }
}

async function found(keys: readonly KeyRecord[], fetched: readonly KeyRecord[], kid?: string): Promise<unknown> {
  const ports: FindKeyPorts = {
    indexOf: indexOnce,
    remote: {
      get: (issuerId) => ({
        set: { issuerId, generation: 1, status: 'fresh', keys: fetched },
        index: indexKeys(fetched),
      }),
      refetch: async () => undefined,
    },
  }
  const header = kid === undefined ? {} : { kid }
  const answer = await findKey(tokenOf({}, header), issuerOf({ keys, remoteKeys: true }), ports)
  return answer.ok ? answer.value.map(({ thumbprint }) => thumbprint) : answer.error.reason
}

describe('S4 configured and fetched keys share one namespace', () => {
  it('keys status says of a fetched key that another of the configuration stands under its kid', () => {
    const es256 = findAlgorithm('ES256')?.bit ?? 0
    const listed = ['one', 'two', undefined].map((kid) => ({ kid, thumbprint: `their-${kid}`, algorithms: ['ES256'] }))
    const status: KeySourceStatus = {
      ...{ issuerId: 'main', urls: [], status: 'fresh', generation: 1, idle: false, fetching: false, failuresInRow: 0 },
      ...{ fetchedAtMs: 0, ageMs: 0, expiresAtMs: 1, nextRefreshAtMs: 1, lastError: undefined, refetchesLeft: 4 },
      ...{ keys: listed, problems: [], distrusted: [] },
    }
    const notesWith = (...own: readonly KeyRecord[]): readonly boolean[] =>
      noteClashes(status, own).keys.map(({ note }) => note !== undefined)
    expect(notesWith(key('own', 'one'), key('own'))).toEqual([true, false, false])
    expect(notesWith(key('their-one', 'one'))).toEqual([false, false, false])
    expect(notesWith({ ...key('own', 'one'), algorithmBits: allAlgorithmBits & ~es256 })).toEqual([false, false, false])
  })

  it('different keys that declare one kid are in conflict: neither is used, others are', async () => {
    expect(await found([key('own', 'k')], [key('theirs', 'k')], 'k')).toBe('key_unknown')
    expect(await found([key('own', 'k'), key('any')], [key('theirs', 'k')], 'k')).toEqual(['any'])
    expect(await found([key('own', 'k')], [key('theirs', 'k2')], 'k')).toEqual(['own'])
  })

  it('the same key in both is one key, tried once', async () => {
    expect(await found([key('own', 'k')], [key('own', 'k')], 'k')).toEqual(['own'])
  })

  it('S8: more than four candidates together are none, unless the token names its key', async () => {
    const [configured, fetched] = [
      ['a', 'b', 'c'],
      ['d', 'e'],
    ].map((names) => names.map((name) => key(name, name)))
    expect(await found(configured ?? [], fetched ?? [])).toBe('key_unknown')
    expect(await found(configured ?? [], fetched ?? [], 'd')).toEqual(['d'])
  })
})
