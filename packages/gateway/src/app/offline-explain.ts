import { randomBytes } from 'node:crypto'
import { assemble } from '../compile/assemble.ts'
import type { Decision, RuleLocation } from '../domain/decision.ts'
import type { DescribedRequest } from '../domain/described-request.ts'
import { createApiKeyHash } from '../keys/api-key-hash.ts'
import { indexOnce } from '../keys/index-once.ts'
import { type JwksClientPorts, openSource, partsInOrder } from '../keys/jwks/jwks-client-state.ts'
import { viewSource } from '../keys/jwks/jwks-client-view.ts'
import { createJwksStore, type JwksStore } from '../keys/jwks/jwks-store.ts'
import { createRemoteKeySets, type RemoteKeySets } from '../keys/jwks/remote-key-sets.ts'
import type { KeySet } from '../keys/key-set.ts'
import { verifySignature } from '../keys/verify-signature.ts'
import { askingNobody, explain } from '../proxy/explain.ts'
import type { PipelinePorts } from '../proxy/pipeline.ts'
import type { VerificationBudget } from '../state/verification-budget.ts'
import { describeDecision } from '../telemetry/describe-decision.ts'
import type { LoadedConfig } from './config/load-config.ts'
import { readDerivedKey } from './data-dir.ts'

/** With what a request is judged without a running gateway. */
export interface OfflineExplainOptions {
  /** The data directory whose last good key sets and master key are read; undefined: none were ever made. */
  readonly dataDir: string | undefined
  readonly nowMs: number
  /** The configuration file as its reader calls it. */
  readonly file: string
}

/** The verdict, and how old the fetched keys are that it rests on. */
export interface OfflineDecision {
  readonly decision: Decision
  /** One for each issuer that fetches keys. */
  readonly keySets: readonly KeptKeySet[]
}

export interface KeptKeySet {
  readonly issuerId: string
  readonly keys: number
  /** Undefined: none were ever fetched into this data directory. */
  readonly fetchedAtMs: number | undefined
}

/**
 * Judges a described request by the engine that serves callers, under a configuration that need not be in force. Nothing
 * is fetched, counted or written: keys are those of the configuration and the last good ones of a data directory.
 */
export async function explainOffline(
  request: DescribedRequest,
  loaded: LoadedConfig,
  options: OfflineExplainOptions,
): Promise<OfflineDecision> {
  const { compiled, source } = loaded
  const store = options.dataDir === undefined ? emptyStore : createJwksStore(options.dataDir, () => undefined)
  const kept = compiled.keySources.map((terms) => readKept(terms, store, options.nowMs))
  const sets = createRemoteKeySets(silentRefetch)
  for (const { set } of kept) sets.put(set)

  const decisionId = `${randomBytes(16).toString('hex')}-0`
  const apiKeyKey = options.dataDir === undefined ? undefined : readDerivedKey(options.dataDir, 'api-keys')
  const peeking = peekingPorts(sets, apiKeyKey)
  const entry = await explain(request, assemble(compiled.objects, 1), { peeking, decisionId, nowMs: options.nowMs })
  const locate = (path: string): RuleLocation => ({ path, file: options.file, ...source.locate(path) })
  return { decision: describeDecision(entry, locate), keySets: kept.map(({ about }) => about) }
}

const emptyStore: JwksStore = { load: () => undefined, save: () => false }

const silentRefetch = {
  requestRefetch: () => Promise.resolve(undefined),
  nowMs: () => 0,
  startTimer: () => () => undefined,
}

interface Kept {
  readonly set: KeySet
  readonly about: KeptKeySet
}

/** An issuer's set as a gateway starting now would offer it before its first fetch. */
function readKept(terms: Parameters<typeof openSource>[0], store: JwksStore, nowMs: number): Kept {
  const { issuerId, maxStaleMs } = terms
  const ports: JwksClientPorts = {
    fetch: () => Promise.reject(new Error('nothing is fetched offline')),
    store,
    nowMs: () => nowMs,
    random: () => 0,
    setTimer: () => () => undefined,
    log: () => undefined,
    onKeySet: () => undefined,
  }
  const state = openSource(terms, ports, store.load(issuerId))
  const parts = partsInOrder(state)
  const { distrusted, failed } = state
  const view = viewSource({ parts, distrusted, failed, idle: false, maxStaleMs }, nowMs)
  const fetchedAtMs = parts.length === 0 ? undefined : Math.min(...parts.map((part) => part.fetchedAtMs))
  return {
    set: { issuerId, generation: 1, status: view.status, keys: view.keys },
    about: { issuerId, keys: view.keys.length, fetchedAtMs },
  }
}

/** Nothing is charged, remembered or waited for. */
function peekingPorts(sets: RemoteKeySets, apiKeyKey: Buffer | undefined): PipelinePorts {
  const nothing = (): void => undefined
  const budget: VerificationBudget = { exhausted: () => undefined, charge: nothing, size: () => 0 }
  return {
    // No request is described as one of our own that came back.
    pseudonym: 'jotgate-explain',
    // Without the installation's key no API key is known.
    apiKeys: { hash: apiKeyKey === undefined ? () => '' : createApiKeyHash(apiKeyKey), budget, peek: true },
    keys: { indexOf: indexOnce, remote: { get: sets.get, refetch: () => Promise.resolve() } },
    verify: {
      verify: verifySignature,
      cache: {
        find: () => undefined,
        admits: () => false,
        put: () => undefined,
        size: () => 0,
        admitted: () => 0,
        evicted: () => 0,
      },
      failed: { has: () => false, add: nothing },
      budget,
      onVerification: nothing,
      peek: true,
    },
    introspect: { known: () => undefined, budget, ...askingNobody },
  }
}
