import type { ConfigObject } from '../../compile/plan.ts'
import type { Decision } from '../../domain/decision.ts'
import type { DescribedRequest } from '../../domain/described-request.ts'
import type { IntrospectionAnswer } from '../../keys/introspection/introspection-answer.ts'
import type { KeySet } from '../../keys/key-set.ts'
import type { CounterSnapshot } from '../../telemetry/counters.ts'
import type { Side } from './rpc.ts'

/** What worker and control say to each other over the run directory's socket. All of it is plain data. */

/** A configured object by name and content: `issuer/acme` and the hash of its plan. */
export type ManifestEntry = readonly [key: string, hash: string]

/** The name an object travels under. */
export function objectKey(object: { readonly kind: string; readonly id: string }): string {
  return `${object.kind}/${object.id}`
}

/** Objects, or names of objects, in one frame: a reload never holds a worker for longer than one slice takes. */
export const sliceLength = 100

/** What a worker answers to and is told. */
export interface WorkerSide extends Side {
  readonly calls: {
    /** Which of the manifest's objects the worker lacks, at most `sliceLength` of them. */
    readonly missing: { readonly params: { readonly generation: number }; readonly answer: readonly string[] }
    readonly objects: { readonly params: { readonly objects: readonly ConfigObject[] }; readonly answer: null }
    /** Builds generation g beside the one in force. Answers why not, or undefined when ready. */
    readonly prepare: {
      readonly params: { readonly generation: number }
      readonly answer: { readonly refused?: string }
    }
    readonly switch: { readonly params: { readonly generation: number }; readonly answer: null }
    /** What it serves, from the given position on, at most `sliceLength`: for a control process whose file is unusable. */
    readonly held: { readonly params: { readonly from: number }; readonly answer: readonly ConfigObject[] }
    readonly heldKeys: { readonly params: null; readonly answer: readonly KeySet[] }
    readonly counters: { readonly params: null; readonly answer: { readonly counters?: CounterSnapshot } }
    readonly decision: { readonly params: { readonly id: string }; readonly answer: { readonly decision?: Decision } }
    readonly explain: { readonly params: DescribedRequest; readonly answer: { readonly decision?: Decision } }
  }
  readonly notes: {
    /** What all workers of an installation share: the key subjects are hashed with, and its name in `Via`. */
    readonly welcome: { readonly subjectKey: string; readonly apiKeyKey: string; readonly pseudonym: string }
    /** A slice of the objects that make up generation g, in order; `first` begins the list anew. */
    readonly manifest: {
      readonly generation: number
      readonly first: boolean
      readonly entries: readonly ManifestEntry[]
    }
    /** 48 bytes, base64url, that seal TLS session tickets in all workers from now on. */
    readonly ticketKey: { readonly key: string }
    readonly keySet: KeySet
    /** Issuers whose introspection answers so far hold no longer. */
    readonly forget: { readonly issuerIds: readonly string[] }
  }
}

/** An issuer's keys after a refetch, and how long control will not fetch them again; empty: there is no such issuer. */
export type Refetched =
  | { readonly keySet: KeySet; readonly againMs: number }
  | { readonly keySet?: never; readonly againMs?: never }

/** What control answers to and is told. */
export interface ControlSide extends Side {
  readonly calls: {
    /** Fetches an issuer's keys again, when its limits allow, and answers what is known afterwards. */
    readonly refetch: {
      readonly params: { readonly issuerId: string }
      readonly answer: Refetched
    }
    readonly introspect: {
      readonly params: { readonly issuerId: string; readonly token: string }
      readonly answer: IntrospectionAnswer
    }
  }
  readonly notes: {
    /** Issuers whose fetched keys requests looked at since the last such note: they stay refreshed (S7). */
    readonly used: { readonly issuerIds: readonly string[] }
    /** The first word on every connection. `generation`: the one in force there, 0 for none. */
    readonly hello: { readonly worker: number; readonly pid: number; readonly generation: number }
  }
}
