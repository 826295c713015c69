import type { CorsPlan } from '../../compile/plan.ts'
import type { CompiledApi, Snapshot } from '../../compile/snapshot.ts'
import type { RequestHead } from '../head/request-head.ts'
import { resourceMetadata, resourceMetadataPath, wellKnown } from './resource-metadata.ts'

/** A document as JSON, and which pages may read it: those that may call its API. */
export interface Metadata {
  readonly body: string
  readonly cors: CorsPlan | undefined
}

/** Documents by listener and API, each made once a generation. */
const documents = new WeakMap<Snapshot, Map<string, Metadata | undefined>>()

/**
 * The protected resource metadata a request asks for (RFC 9728 3): of the API that serves, on this host, the very path
 * behind the well-known one. Undefined: it asks for something else, or the listener has no `publicUrl`, without which a
 * resource has no name.
 */
export function metadataFor(snapshot: Snapshot, listener: number, head: RequestHead): Metadata | undefined {
  if (!head.path.startsWith(wellKnown) || (head.method !== 'GET' && head.method !== 'HEAD')) return undefined
  const path = head.path.slice(wellKnown.length)
  const api = snapshot.match(head.host, path === '' ? '/' : path)
  if (api === undefined || resourceMetadataPath(api.plan) !== head.path) return undefined
  const made = documents.get(snapshot) ?? new Map<string, Metadata | undefined>()
  documents.set(snapshot, made)
  const key = `${listener} ${api.plan.id}`
  if (!made.has(key)) made.set(key, makeDocument(snapshot.gateway.publicUrls[listener] ?? undefined, api))
  return made.get(key)
}

function makeDocument(publicUrl: string | undefined, { plan, issuers }: CompiledApi): Metadata | undefined {
  if (publicUrl === undefined) return undefined
  const plans = issuers.map((issuer) => issuer.plan)
  const metadata = resourceMetadata(publicUrl, plan, plans)
  return metadata === undefined ? undefined : { body: JSON.stringify(metadata), cors: plan.cors }
}
