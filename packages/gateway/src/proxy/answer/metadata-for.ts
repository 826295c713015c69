import type { CompiledApi, Snapshot } from '../../compile/snapshot.ts'
import type { RequestHead } from '../head/request-head.ts'
import { resourceMetadata, resourceMetadataPath, wellKnown } from './resource-metadata.ts'

/** Documents by API, each made once a generation. */
const documents = new WeakMap<Snapshot, Map<CompiledApi, string | undefined>>()

/**
 * The protected resource metadata a request asks for (RFC 9728 3), as JSON: of the API that serves, on this host, the
 * very path behind the well-known one. Undefined: it asks for something else, or the listener has no `publicUrl`, without
 * which a resource has no name.
 */
export function metadataFor(snapshot: Snapshot, head: RequestHead): string | undefined {
  if (!head.path.startsWith(wellKnown) || (head.method !== 'GET' && head.method !== 'HEAD')) return undefined
  const path = head.path.slice(wellKnown.length)
  const api = snapshot.match(head.host, path === '' ? '/' : path)
  if (api === undefined || resourceMetadataPath(api.plan) !== head.path) return undefined
  const made = documents.get(snapshot) ?? new Map<CompiledApi, string | undefined>()
  documents.set(snapshot, made)
  if (!made.has(api)) made.set(api, makeDocument(snapshot, api))
  return made.get(api)
}

function makeDocument({ gateway }: Snapshot, { plan, issuers }: CompiledApi): string | undefined {
  if (gateway.publicUrl === undefined) return undefined
  const plans = issuers.map((issuer) => issuer.plan)
  const metadata = resourceMetadata(gateway.publicUrl, plan, plans)
  return metadata === undefined ? undefined : JSON.stringify(metadata)
}
