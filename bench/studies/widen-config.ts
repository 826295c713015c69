import type { BenchConfig } from './bench-config.ts'

export interface Width {
  /** APIs beside the bench's, each with an issuer and a key of its own entry. */
  readonly others: number
  /** The edition of one small entry. */
  readonly edition: number
  /** The edition of all others, and of the bench's own API. */
  readonly editionOfAll: number
  readonly upstreamPort: number
  /** The key of the others' issuers. */
  readonly jwk: object
}

/** The same configuration with many more entries in it, of which a new edition changes one or all. Pure. */
export function widenConfig(base: BenchConfig, width: Width): BenchConfig {
  const { others, edition, editionOfAll, jwk } = width
  const upstream = { targets: [`http://127.0.0.1:${width.upstreamPort}`] }
  const ids = Array.from({ length: others }, (_, index) => `other-${index}`)
  const issuers = ids.map((id) => [
    id,
    { issuer: `https://${id}.example.com`, algorithms: ['RS256'], audiences: [id], keys: { jwks: { keys: [jwk] } } },
  ])
  // A limit that no request of the bench meets: another edition of it changes the entry and nothing that is measured.
  const limit = { bodyBytesMax: `${editionOfAll + 1}MiB` }
  const apis = ids.map((id) => [id, { listen: { path: `/${id}` }, upstream, access: { issuers: [id] }, ...limit }])
  const edited = { listen: { path: '/edited' }, upstream, access: 'public', bodyBytesMax: `${edition + 1}MiB` }
  return {
    version: base.version,
    issuers: { ...base.issuers, ...Object.fromEntries(issuers) },
    apis: {
      ...Object.fromEntries(Object.entries(base.apis).map(([id, api]) => [id, { ...api, ...limit }])),
      edited,
      ...Object.fromEntries(apis),
    },
  }
}
