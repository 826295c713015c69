import type { Snapshot } from '../../compile/snapshot.ts'
import type { RequestHead } from '../head/request-head.ts'
import { resourceMetadata, resourceMetadataPath } from './resource-metadata.ts'

/** Documents by path, made once a generation. */
const documents = new WeakMap<Snapshot, ReadonlyMap<string, string>>()

/**
 * The protected resource metadata a request asks for (RFC 9728 3), as JSON. Undefined: it asks for something else, or
 * the listener has no `publicUrl`, without which a resource has no name.
 */
export function metadataFor(snapshot: Snapshot, head: RequestHead): string | undefined {
  if (!head.path.startsWith('/.well-known/') || (head.method !== 'GET' && head.method !== 'HEAD')) return undefined
  let ofSnapshot = documents.get(snapshot)
  if (ofSnapshot === undefined) {
    ofSnapshot = makeDocuments(snapshot)
    documents.set(snapshot, ofSnapshot)
  }
  return ofSnapshot.get(head.path)
}

function makeDocuments(snapshot: Snapshot): ReadonlyMap<string, string> {
  const { publicUrl } = snapshot.gateway
  const made = new Map<string, string>()
  if (publicUrl === undefined) return made
  for (const api of snapshot.apis) {
    const issuers = api.issuers.map((issuer) => issuer.plan)
    const document = resourceMetadata(publicUrl, api.plan, issuers)
    if (document !== undefined) made.set(resourceMetadataPath(api.plan), JSON.stringify(document))
  }
  return made
}
