import type { Snapshot } from '../../compile/snapshot.ts'
import { createRemoteKeySets, type RemoteKeySets } from '../../keys/jwks/remote-key-sets.ts'
import type { KeySet } from '../../keys/key-set.ts'
import type { ControlLink } from '../channel/reach-control.ts'
import { setTimer } from '../channel/set-timer.ts'

/** A worker's fetched keys, and what it tells control about them. */
export interface WorkerKeys {
  readonly sets: RemoteKeySets
  /** As `sets.get`, for whoever only looks: it is no use of the keys. */
  readonly peek: RemoteKeySets['get']
  /** A generation is in force: keys of issuers it does not fetch for are forgotten. */
  readonly retain: (snapshot: Snapshot) => void
  readonly all: () => readonly KeySet[]
}

/** What control may take to fetch keys; a request waits less (S7). */
const refetchMs = 30_000
/** How often control hears which issuers were used; it lets a set rest that nobody used for an hour. */
const usedEveryMs = 10_000

/** `control` is asked late: the link needs these keys to exist. */
export function createWorkerKeys(control: () => ControlLink): WorkerKeys {
  const held = new Set<string>()
  const used = new Set<string>()
  const sets = createRemoteKeySets({
    requestRefetch: async (issuerId) => {
      const answer = await control().call('refetch', { issuerId }, refetchMs)
      if (!answer.ok) return undefined
      if (answer.value.keySet !== undefined) put(answer.value.keySet)
      return answer.value.againMs
    },
    nowMs: Date.now,
    startTimer: (delayMs, run) => setTimer(run, delayMs),
  })
  const put: RemoteKeySets['put'] = (set) => {
    held.add(set.issuerId)
    sets.put(set)
  }
  setInterval(() => {
    if (used.size > 0 && control().noteUsed([...used])) used.clear()
  }, usedEveryMs).unref()

  return {
    sets: {
      ...sets,
      put,
      get: (issuerId) => {
        used.add(issuerId)
        return sets.get(issuerId)
      },
    },
    peek: sets.get,
    retain: (snapshot) => {
      const wanted = new Set(snapshot.issuers.flatMap(({ plan }) => (plan.remoteKeys ? [plan.id] : [])))
      for (const issuerId of held) {
        if (wanted.has(issuerId)) continue
        held.delete(issuerId)
        used.delete(issuerId)
        sets.drop(issuerId)
      }
    },
    all: () => [...held].flatMap((issuerId) => sets.get(issuerId)?.set ?? []),
  }
}
