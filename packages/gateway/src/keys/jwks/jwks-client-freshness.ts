const secondMs = 1000
const dayMs = 86_400_000
const backoffFirstMs = secondMs
const backoffMaxMs = 300_000

/**
 * How long a fetched set is used before it is fetched again: `max-age` less `Age` (RFC 9111 4.2), between 1 s and 1 day,
 * else the configured time. `no-cache`, `no-store` and `max-age=0` say nothing about keys (servers send them on
 * everything, Keycloak on its JWKS): the configured time holds.
 */
export function freshnessMs(headers: Readonly<Record<string, string | undefined>>, ttlMs: number): number {
  const directives = (headers['cache-control'] ?? '').toLowerCase().split(',')
  const names = directives.map((directive) => directive.trim())
  if (names.includes('no-cache') || names.includes('no-store')) return ttlMs
  const maxAge = Number(names.map((name) => /^max-age="?(\d{1,10})"?$/.exec(name)?.[1]).find((digits) => digits) ?? 0)
  if (maxAge === 0) return ttlMs
  const age = /^\d{1,10}$/.test(headers.age ?? '') ? Number(headers.age) : 0
  return Math.min(dayMs, Math.max(secondMs, (maxAge - age) * secondMs))
}

/** When to fetch again: before the set's time ends, spread by ±10 %. `random` is in [0, 1). */
export function refreshDelayMs(freshMs: number, random: number): number {
  return Math.round(freshMs * 0.9 * (0.9 + 0.2 * random))
}

/** When to try again after so many failures in a row: doubling from 1 s to 5 min, spread by ±10 %. */
export function retryDelayMs(failures: number, random: number): number {
  const delayMs = Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(failures - 1, 20))
  return Math.round(delayMs * (0.9 + 0.2 * random))
}
