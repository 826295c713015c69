import type { ConfigObject } from '../../compile/plan.ts'
import { type ManifestEntry, objectKey, sliceLength } from '../channel/messages.ts'

/** A worker's side of a rollout: gathers the objects of a generation beside those of the one in force. */
export interface Assembly {
  /** Part of the list of what makes up a generation; `first` begins the list anew and drops an unfinished one. */
  readonly manifest: (first: boolean, entries: readonly ManifestEntry[]) => void
  /** Names of listed objects that are not here, at most `sliceLength`. */
  readonly missing: () => readonly string[]
  readonly take: (objects: readonly ConfigObject[]) => void
  /** The listed objects in order; undefined: some are missing. */
  readonly objects: () => readonly ConfigObject[] | undefined
  /** The listed generation is in force: what it does not list is dropped. */
  readonly keep: () => void
  /** Objects of the generation in force in their order, from a position on, at most `sliceLength`. */
  readonly kept: (from: number) => readonly ConfigObject[]
}

/** Objects are held by name and hash, so that one of the old generation and one of the next may share a name. */
export function createAssembly(): Assembly {
  let listed: ManifestEntry[] = []
  let held = new Map<string, ConfigObject>()
  let kept: ReadonlyMap<string, ConfigObject> = held
  /** Position in the list up to which nothing is missing. */
  let complete = 0
  const nameOf = ([key, hash]: ManifestEntry): string => `${key} ${hash}`

  return {
    manifest: (first, entries) => {
      if (first) {
        listed = []
        complete = 0
        held = new Map(kept)
      }
      listed.push(...entries)
    },
    missing: () => {
      const missing: string[] = []
      for (let at = complete; at < listed.length && missing.length < sliceLength; at++) {
        const entry = listed[at]
        if (entry === undefined) break
        if (!held.has(nameOf(entry))) missing.push(entry[0])
        else if (missing.length === 0) complete = at + 1
      }
      return missing
    },
    take: (objects) => {
      for (const object of objects) held.set(nameOf([objectKey(object), object.hash]), object)
    },
    objects: () => {
      const objects = listed.flatMap((entry) => held.get(nameOf(entry)) ?? [])
      return objects.length === listed.length ? objects : undefined
    },
    keep: () => {
      const inForce = new Map<string, ConfigObject>()
      for (const name of listed.map(nameOf)) {
        const object = held.get(name)
        if (object !== undefined) inForce.set(name, object)
      }
      kept = inForce
      held = new Map(kept)
    },
    kept: (from) => [...kept.values()].slice(from, from + sliceLength),
  }
}
