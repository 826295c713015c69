import type { ConfigObject } from '../../compile/plan.ts'
import type { Result } from '../../domain/result.ts'
import { err, ok } from '../../domain/result.ts'
import type { KeySet } from '../../keys/key-set.ts'
import { type ManifestEntry, objectKey, sliceLength, type WorkerSide } from '../channel/messages.ts'
import type { Peer } from '../channel/rpc.ts'

/** A connected worker as control sees it. */
export interface RolloutWorker {
  readonly number: number
  readonly pid: number
  readonly peer: Peer<WorkerSide>
  /** The generation it serves; 0 for none. */
  generation: number
}

/** Brings generations to workers: all of them, or none. */
export interface Rollout {
  /**
   * Offers a configuration. Every worker must be ready for it before any switches; `beforeSwitch` runs in between.
   * Answers the generation in force, the old one when nothing changed, or why a worker refused.
   */
  readonly offer: (objects: readonly ConfigObject[], beforeSwitch: () => void) => Promise<Result<number, string>>
  /**
   * Brings a worker that connected to the generation in force. Before the first offer there is none: then what this
   * worker serves is taken over.
   */
  readonly join: (worker: RolloutWorker) => Promise<void>
  readonly leave: (worker: RolloutWorker) => void
  readonly workers: () => readonly RolloutWorker[]
  /** The generation in force; the given one before the first offer. */
  readonly generation: () => number
}

/** What was taken over from a worker. */
export interface Adopted {
  readonly worker: number
  readonly generation: number
  readonly objects: number
  readonly keySets: readonly KeySet[]
}

/** Longest wait for one answer of a worker on the way to a generation. */
const answerMs = 10_000

interface Edition {
  readonly generation: number
  readonly objects: ReadonlyMap<string, ConfigObject>
}

/** `lastGeneration`: what an earlier control process came to. New generations are numbered above it. */
export function createRollout(
  lastGeneration: number,
  onAdopted: (adopted: Adopted) => void = () => undefined,
): Rollout {
  const workers = new Set<RolloutWorker>()
  let inForce: Edition = { generation: lastGeneration, objects: new Map() }
  let offered = lastGeneration
  let turn: Promise<unknown> = Promise.resolve()

  /** Offers and joins take turns: a worker that connects meanwhile gets what came out of it. */
  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const mine = turn.then(run)
    turn = mine.catch(() => undefined)
    return mine
  }

  async function switchTo(worker: RolloutWorker, generation: number): Promise<void> {
    const switched = await worker.peer.call('switch', { generation }, answerMs)
    if (switched.ok) worker.generation = generation
    // It serves something else than the rest: when it connects again it is brought up to date.
    else worker.peer.close()
  }

  async function offer(objects: readonly ConfigObject[], beforeSwitch: () => void): Promise<Result<number, string>> {
    const next: Edition = {
      generation: offered + 1,
      objects: new Map(objects.map((object) => [objectKey(object), object])),
    }
    if (inForce.objects.size > 0 && isSame(inForce, next)) {
      beforeSwitch()
      return ok(inForce.generation)
    }
    offered = next.generation
    const present = [...workers]
    const readiness = await Promise.all(present.map((worker) => prepare(worker, next)))
    const refusal = readiness.find((ready) => !ready.ok)
    if (refusal !== undefined && !refusal.ok) return refusal

    beforeSwitch()
    inForce = next
    await Promise.all(
      present.filter((worker) => workers.has(worker)).map((worker) => switchTo(worker, next.generation)),
    )
    return ok(next.generation)
  }

  async function bring(worker: RolloutWorker): Promise<void> {
    const ready = await prepare(worker, inForce)
    if (ready.ok) await switchTo(worker, inForce.generation)
    else worker.peer.close()
  }

  async function adopt({ number, generation, peer }: RolloutWorker): Promise<boolean> {
    const objects = new Map<string, ConfigObject>()
    for (;;) {
      const slice = await peer.call('held', { from: objects.size }, answerMs)
      if (!slice.ok) return false
      if (slice.value.length === 0) break
      for (const object of slice.value) objects.set(objectKey(object), object)
    }
    const keySets = await peer.call('heldKeys', null, answerMs)
    if (!keySets.ok || objects.size === 0) return false
    inForce = { generation, objects }
    offered = Math.max(offered, generation)
    onAdopted({ worker: number, generation, objects: objects.size, keySets: keySets.value })
    return true
  }

  return {
    offer: (objects, beforeSwitch) => inTurn(() => offer(objects, beforeSwitch)),
    join: (worker) =>
      inTurn(async () => {
        workers.add(worker)
        if (inForce.objects.size > 0) return bring(worker)
        if (worker.generation === 0 || !(await adopt(worker))) return
        await Promise.all([...workers].filter((other) => other !== worker).map(bring))
      }),
    leave: (worker) => void workers.delete(worker),
    workers: () => [...workers],
    generation: () => inForce.generation,
  }
}

function isSame(one: Edition, other: Edition): boolean {
  const entries = manifestOf(other)
  return (
    one.objects.size === entries.length &&
    manifestOf(one).every(([key, hash], index) => entries[index]?.[0] === key && entries[index]?.[1] === hash)
  )
}

function manifestOf(edition: Edition): readonly ManifestEntry[] {
  return [...edition.objects].map(([key, { hash }]) => [key, hash])
}

/** Tells a worker what the edition consists of, sends what it lacks, and asks whether it can serve that. */
async function prepare(worker: RolloutWorker, edition: Edition): Promise<Result<void, string>> {
  const { peer } = worker
  const { generation } = edition
  const gone = (fault: string): Result<void, string> =>
    // A worker that ended meanwhile refuses nothing: its successor gets the generation in force.
    fault === 'closed' ? ok(undefined) : err(`worker ${worker.number} gave no answer: ${fault}`)

  const entries = manifestOf(edition)
  for (let at = 0; at === 0 || at < entries.length; at += sliceLength) {
    peer.note('manifest', { generation, first: at === 0, entries: entries.slice(at, at + sliceLength) })
  }
  for (;;) {
    const missing = await peer.call('missing', { generation }, answerMs)
    if (!missing.ok) return gone(missing.error)
    if (missing.value.length === 0) break
    const objects = missing.value.flatMap((key) => edition.objects.get(key) ?? [])
    if (objects.length === 0) return err(`worker ${worker.number} asks for objects nobody named`)
    const sent = await peer.call('objects', { objects }, answerMs)
    if (!sent.ok) return gone(sent.error)
  }
  const ready = await peer.call('prepare', { generation }, answerMs)
  if (!ready.ok) return gone(ready.error)
  return ready.value.refused === undefined
    ? ok(undefined)
    : err(`worker ${worker.number} refused: ${ready.value.refused}`)
}
