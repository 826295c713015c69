import { describe, expect, it } from 'vitest'
import type { CompiledIssuer } from '../../compile/snapshot.ts'
import { findAlgorithm } from '../../domain/algorithm.ts'
import type { KeyRecord, KeySetStatus } from '../../domain/key.ts'
import type { UnverifiedToken } from '../../domain/token.ts'
import { indexOnce } from '../../keys/index-once.ts'
import { indexKeys } from '../../keys/key-index.ts'
import { type FindKeyPorts, findKey } from './find-key.ts'

const rs256 = findAlgorithm('RS256')
if (rs256 === undefined) throw new Error('RS256')

function key(name: string, kid?: string): KeyRecord {
  const jwk = { kty: 'RSA', n: name, e: 'AQAB' } as const
  const algorithmBits = rs256?.bit ?? 0
  return {
    kind: 'public',
    thumbprint: name,
    kid,
    aliases: [name],
    algorithmBits,
    issuer: undefined,
    jwk,
    modulusBytes: 256,
  }
}

function issuer(keys: readonly KeyRecord[], remoteKeys: boolean): CompiledIssuer {
  // Only what this step reads.
  return { index: 0, plan: { id: 'a', rule: 'issuers.a', keys, remoteKeys } } as unknown as CompiledIssuer
}

function token(kid: string | undefined): UnverifiedToken {
  // Only what this step reads.
  return { algorithm: rs256, kid } as unknown as UnverifiedToken
}

/** Fetched keys that change when asked for again. */
function remote(before: readonly KeyRecord[] | undefined, after = before, status: KeySetStatus = 'fresh') {
  const asked: (string | undefined)[] = []
  let keys = before
  const ports: FindKeyPorts = {
    indexOf: indexOnce,
    remote: {
      get: (issuerId) =>
        keys === undefined ? undefined : { set: { issuerId, generation: 1, status, keys }, index: indexKeys(keys) },
      refetch: async (_, kid) => {
        asked.push(kid)
        keys = after
      },
    },
  }
  return { ports, asked }
}

const found = (...keys: readonly KeyRecord[]) => ({ ok: true, value: keys })
const unknown = (kid: string | undefined) => ({
  ok: false,
  error: { reason: 'key_unknown', kid, rule: 'issuers.a.keys' },
})
const unavailable = { ok: false, error: { reason: 'keys_unavailable', issuerId: 'a', rule: 'issuers.a.keys' } }

describe('finding the keys of a token', () => {
  it('answers at once with configured keys, and then with fetched ones', () => {
    const { ports, asked } = remote([key('fetched', 'k')])
    expect(findKey(token('k'), issuer([key('own')], true), ports)).toEqual(found(key('own'), key('fetched', 'k')))
    expect(findKey(token('k'), issuer([], true), ports)).toEqual(found(key('fetched', 'k')))
    expect(findKey(token('own'), issuer([key('own', 'k')], true), ports)).toEqual(found(key('own', 'k')))
    expect(asked).toEqual([])
  })

  it('fetched keys count only for an issuer that has them', () => {
    const { ports } = remote([key('fetched', 'k')])
    expect(findKey(token('k'), issuer([], false), ports)).toEqual(unknown('k'))
  })

  it('a stale set serves; an unavailable one does not', async () => {
    const stale = remote([key('fetched', 'k')], undefined, 'stale')
    expect(findKey(token('k'), issuer([], true), stale.ports)).toEqual(found(key('fetched', 'k')))
    const gone = remote([key('fetched', 'k')], [key('fetched', 'k')], 'unavailable')
    expect(await findKey(token('k'), issuer([], true), gone.ports)).toEqual(unavailable)
  })

  it('S7: a kid nobody knows waits for a fetch, then is found or refused', async () => {
    const rotated = remote([key('old', 'k1')], [key('new', 'k2')])
    const waiting = findKey(token('k2'), issuer([], true), rotated.ports)
    expect(waiting).toBeInstanceOf(Promise)
    expect(await waiting).toEqual(found(key('new', 'k2')))
    expect(rotated.asked).toEqual(['k2'])
    const same = remote([key('old', 'k1')])
    expect(await findKey(token('ghost'), issuer([], true), same.ports)).toEqual(unknown('ghost'))
  })

  it('a token without a kid that no key fits is refused at once: fetching could not name one', () => {
    const many = Array.from({ length: 5 }, (_, position) => key(`k${position}`, `k${position}`))
    const { ports, asked } = remote(many)
    expect(findKey(token(undefined), issuer([], true), ports)).toEqual(unknown(undefined))
    expect(asked).toEqual([])
  })

  it('no set yet, or an empty one, is an outage of the provider and no fault of the caller', async () => {
    expect(await findKey(token('k'), issuer([], true), remote(undefined).ports)).toEqual(unavailable)
    expect(await findKey(token('k'), issuer([], true), remote([]).ports)).toEqual(unavailable)
    expect(await findKey(token(undefined), issuer([], true), remote(undefined, [key('a')]).ports)).toEqual(
      found(key('a')),
    )
  })
})
