import { parseJsonObject } from '../../domain/parse-json-object.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { describeFetchFault, type FetchFault } from '../../outbound/fetch-fault.ts'
import type { FetchAnswer } from '../../outbound/fetch-request.ts'
import { describeAnswer, showUrl } from './answer-text.ts'

/** Where metadata is looked for, and the issuer it must name. */
export interface DiscoverySource {
  readonly url: string
  readonly issuer: string
}

const metadataBounds = { depthMax: 16, membersMax: 4096 }

/**
 * The URLs metadata may stand at, in the order they are tried. A URL with `/.well-known/` in its path is the document.
 * Any other is an issuer's: the OIDC form (Discovery 1.0 section 4), then the path inserted (RFC 8414 3.1); one that is
 * not the configured issuer may also be a document of another name, and is tried as it stands first.
 */
export function metadataUrls(source: DiscoverySource): readonly string[] {
  if (!URL.canParse(source.url)) return [source.url]
  const { origin, pathname } = new URL(source.url)
  if (pathname.includes('/.well-known/')) return [source.url]
  const path = pathname.replace(/\/$/, '')
  const wellKnown = [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ]
  return source.url === source.issuer ? wellKnown : [source.url, ...wellKnown]
}

/**
 * The `jwks_uri` of an issuer's metadata (RFC 8414 section 2). The metadata's `issuer` must equal the configured one
 * exactly (RFC 8414 3.3). The next candidate is tried only when a server answered that the document is not there; the
 * error is a sentence about the first candidate that answered anything else, else about the first.
 */
export async function discoverJwksUri(
  source: DiscoverySource,
  fetch: (url: string) => Promise<Result<FetchAnswer, FetchFault>>,
): Promise<Result<string, string>> {
  let firstMiss: string | undefined
  for (const url of metadataUrls(source)) {
    const answer = await fetch(url)
    if (!answer.ok) return err(`${showUrl(url)} ${describeFetchFault(answer.error)}`)
    const read = readMetadata(url, answer.value, source.issuer)
    if (read.ok) return read
    if (!read.error.elsewhere) return err(read.error.message)
    firstMiss ??= read.error.message
  }
  return err(firstMiss ?? `${showUrl(source.url)} names no metadata document`)
}

interface Miss {
  readonly message: string
  /** The document may stand at another of the candidates. */
  readonly elsewhere: boolean
}

function readMetadata(url: string, answer: FetchAnswer, issuer: string): Result<string, Miss> {
  const miss = (what: string, elsewhere = false): Result<never, Miss> =>
    err({ message: `${showUrl(url)} ${what}`, elsewhere })
  if (answer.status !== 200) return miss(`answered with status ${answer.status}`, answer.status < 500)
  const metadata = parseJsonObject(answer.body, metadataBounds)
  if (!metadata.ok) return miss(`answered ${describeAnswer(answer)}, not a metadata document`, true)
  const { issuer: named, jwks_uri: jwksUri } = metadata.value
  if (named === undefined) return miss('answered a JSON object without `issuer`, not a metadata document', true)
  if (named !== issuer) {
    return miss(`names the issuer ${JSON.stringify(named).slice(0, 200)}, but ${JSON.stringify(issuer)} is configured`)
  }
  return typeof jwksUri === 'string' ? ok(jwksUri) : miss('names no `jwks_uri`')
}
