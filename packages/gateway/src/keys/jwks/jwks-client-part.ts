import { isUtf8 } from 'node:buffer'
import type { KeyQuality, KeyRecord } from '../../domain/key.ts'
import { parseJsonObject } from '../../domain/parse-json-object.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { describeFetchFault } from '../../outbound/fetch-fault.ts'
import type { FetchAnswer, FetchRequest, GuardedFetch } from '../../outbound/fetch-request.ts'
import { readJwks } from '../recognise/read-jwks.ts'
import { describeAnswer, showUrl } from './answer-text.ts'
import { freshnessMs } from './jwks-client-freshness.ts'

/** What one JWKS URL last answered, as it can be kept on disk. Public keys only: a set with any other is refused. */
export interface StoredPart {
  /** Which of the plan's sources it belongs to: a URL of the configuration, or its metadata document. */
  readonly source: string
  readonly url: string
  readonly body: string
  readonly etag: string | undefined
  readonly fetchedAtMs: number
  /** How long after `fetchedAtMs` it counts as fresh. */
  readonly freshMs: number
}

/** The same, read. */
export interface JwksPart extends StoredPart {
  readonly keys: readonly KeyRecord[]
  /** One sentence for each key that cannot be used. */
  readonly problems: readonly string[]
}

const jwksBounds = { depthMax: 16, membersMax: 4096 }

/**
 * Fetches one JWKS (RFC 7517 section 5), conditionally when `known` came from the same URL with an ETag (RFC 9110
 * 13.1.2). A 200 with a valid set is authoritative, also an empty one. The error is a sentence for the operator.
 */
export async function fetchPart(
  source: string,
  request: FetchRequest,
  known: JwksPart | undefined,
  plan: { readonly quality: KeyQuality; readonly ttlMs: number },
  ports: { readonly fetch: GuardedFetch; readonly nowMs: () => number },
): Promise<Result<JwksPart, string>> {
  const { url } = request
  const etag = known?.url === url ? known.etag : undefined
  const accept = 'application/jwk-set+json, application/json'
  const answer = await ports.fetch({
    ...request,
    headers: etag === undefined ? { accept } : { accept, 'if-none-match': etag },
  })
  if (!answer.ok) return err(`${showUrl(url)} ${describeFetchFault(answer.error)}`)

  const fetchedAtMs = ports.nowMs()
  const freshMs = freshnessMs(answer.value.headers, plan.ttlMs)
  if (answer.value.status === 304 && known !== undefined && etag !== undefined) {
    return ok({ ...known, fetchedAtMs, freshMs })
  }
  if (answer.value.status !== 200) return err(`${showUrl(url)} answered with status ${answer.value.status}`)
  if (!isUtf8(answer.value.body))
    return err(`${showUrl(url)} answered ${describeAnswer(answer.value)}, not a JWKS (utf8)`)
  const stored = {
    source,
    url,
    body: answer.value.body.toString('utf8'),
    etag: readEtag(answer.value),
    fetchedAtMs,
    freshMs,
  }
  return readPart(stored, plan.quality, describeAnswer(answer.value))
}

/** Reads the kept text of a part again, by the quality asked for now. `answered` names what it is when it is no JWKS. */
export function readPart(stored: StoredPart, quality: KeyQuality, answered: string): Result<JwksPart, string> {
  const json = parseJsonObject(Buffer.from(stored.body), jwksBounds)
  if (!json.ok) return err(`${showUrl(stored.url)} answered ${answered}, not a JWKS (${json.error})`)
  const read = readJwks(json.value, quality, stored.fetchedAtMs, 'remote')
  if (!read.ok) return err(`${showUrl(stored.url)} answered a set that is refused: ${read.error.message}`)
  const { keys, problems } = read.value
  return ok({ ...stored, keys, problems: problems.map((one) => `key ${one.index}: ${one.message}`) })
}

/** An entity-tag worth sending back (RFC 9110 8.8.3): well-formed, and short. */
function readEtag(answer: FetchAnswer): string | undefined {
  const etag = answer.headers.etag
  return etag !== undefined && /^(?:W\/)?"[!#-~]{0,256}"$/.test(etag) ? etag : undefined
}
