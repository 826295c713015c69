import type { CorsPlan } from '../../compile/plan.ts'
import type { Snapshot } from '../../compile/snapshot.ts'
import type { RequestHead } from '../head/request-head.ts'
import { resourceMetadata, resourceMetadataPath } from './resource-metadata.ts'

/** A document as JSON, and which pages may read it: those that may call its API. */
export interface Metadata {
  readonly body: string
  readonly cors: CorsPlan | undefined
}

/** Documents by listener and path, made once a generation. */
const documents = new WeakMap<Snapshot, Map<number, ReadonlyMap<string, Metadata>>>()

/**
 * The protected resource metadata a request asks for (RFC 9728 3). Undefined: it asks for something else, or
 * the listener has no `publicUrl`, without which a resource has no name.
 */
export function metadataFor(snapshot: Snapshot, listener: number, head: RequestHead): Metadata | undefined {
  if (!head.path.startsWith('/.well-known/') || (head.method !== 'GET' && head.method !== 'HEAD')) return undefined
  let ofSnapshot = documents.get(snapshot)
  if (ofSnapshot === undefined) {
    ofSnapshot = new Map()
    documents.set(snapshot, ofSnapshot)
  }
  let ofListener = ofSnapshot.get(listener)
  if (ofListener === undefined) {
    ofListener = makeDocuments(snapshot, snapshot.gateway.publicUrls[listener] ?? undefined)
    ofSnapshot.set(listener, ofListener)
  }
  return ofListener.get(head.path)
}

function makeDocuments(snapshot: Snapshot, publicUrl: string | undefined): ReadonlyMap<string, Metadata> {
  const made = new Map<string, Metadata>()
  if (publicUrl === undefined) return made
  for (const api of snapshot.apis) {
    const issuers = api.issuers.map((issuer) => issuer.plan)
    const document = resourceMetadata(publicUrl, api.plan, issuers)
    if (document === undefined) continue
    made.set(resourceMetadataPath(api.plan), { body: JSON.stringify(document), cors: api.plan.cors })
  }
  return made
}
