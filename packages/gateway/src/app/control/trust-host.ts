import { randomBytes } from 'node:crypto'
import type { CompiledConfig } from '../../compile/plan.ts'
import type { IntrospectionAnswer } from '../../keys/introspection/introspection-answer.ts'
import { createIntrospectionClient } from '../../keys/introspection/introspection-client.ts'
import { createJwksClient, type JwksClient } from '../../keys/jwks/jwks-client.ts'
import { createJwksStore, type KeyLogLine } from '../../keys/jwks/jwks-store.ts'
import type { KeySet } from '../../keys/key-set.ts'
import type { GuardedFetch } from '../../outbound/fetch-request.ts'
import type { Log } from '../../telemetry/log.ts'
import type { Refetched } from '../channel/messages.ts'
import { setTimer } from '../channel/set-timer.ts'

/** What control asks identity providers on behalf of all workers: for their keys, and about opaque tokens. */
export interface TrustHost {
  readonly keys: JwksClient
  /** Fetches and answers the set that is then known; undefined: no such issuer. */
  readonly refetch: (issuerId: string) => Promise<Refetched>
  /** The set of every issuer that fetches keys, for a worker that connects. */
  readonly keySets: () => readonly KeySet[]
  /** Issuers that are asked about opaque tokens. */
  readonly introspecting: () => readonly string[]
  readonly introspect: (issuerId: string, token: string) => Promise<IntrospectionAnswer>
  /** Answers the issuers whose earlier introspection answers hold no longer. */
  readonly configure: (compiled: CompiledConfig) => readonly string[]
}

export interface TrustHostPorts {
  readonly fetch: GuardedFetch
  readonly dataDir: string
  readonly log: Log
  /** An issuer's keys changed, or whether they may be used. */
  readonly onKeySet: (set: KeySet) => void
}

export function createTrustHost({ fetch, dataDir, log, onKeySet }: TrustHostPorts): TrustHost {
  const logAs =
    (event: string) =>
    ({ level, issuerId, message }: KeyLogLine): void =>
      log[level](event, { issuer: issuerId, message })
  const logLine = logAs('keys')
  const keys = createJwksClient({
    fetch,
    store: createJwksStore(dataDir, logLine),
    nowMs: Date.now,
    random: Math.random,
    setTimer,
    log: logLine,
    onKeySet,
  })
  const introspection = createIntrospectionClient({
    fetch,
    nowMs: Date.now,
    hashKey: randomBytes(32),
    log: logAs('introspection'),
  })
  let issuerIds: readonly string[] = []
  let introspecting: readonly string[] = []

  return {
    keys,
    refetch: async (issuerId) => {
      keys.touch(issuerId)
      const againMs = await keys.refetch(issuerId)
      const keySet = keys.keySet(issuerId)
      return againMs === undefined || keySet === undefined ? {} : { keySet, againMs }
    },
    keySets: () => issuerIds.flatMap((issuerId) => keys.keySet(issuerId) ?? []),
    introspecting: () => introspecting,
    introspect: introspection.introspect,
    configure: ({ keySources, introspections }) => {
      issuerIds = keySources.map(({ issuerId }) => issuerId)
      introspecting = introspections.map(({ issuerId }) => issuerId)
      keys.configure(keySources)
      return introspection.configure(introspections)
    },
  }
}
