import { jsonText } from './escape-text.ts'

/**
 * Parts of JSON access lines that many lines share, escaped once and kept as flat strings: joining a few long parts
 * costs a third of joining many short ones.
 */
export interface LineParts {
  /** `","outcome":…,"reason":…,"status":…,"method":…`, closing the quote before it. */
  readonly verdict: (verdict: Verdict) => string
  /** `,"api":…,"issuer":…`, of ids the configuration holds. */
  readonly place: (api: string | undefined, issuer: string | undefined) => string
  /** `,"route":…`, `,"target":…` or `,"application":…`, of a text the configuration holds. */
  readonly field: (name: 'route' | 'target' | 'application', text: string) => string
}

interface Verdict {
  readonly outcome: string
  readonly reason: string | undefined
  readonly status: number
  readonly method: string
}

/** Keys come from configuration, and statuses from a range; beyond this many the memory starts afresh. */
const keptMax = 4096

export function createLineParts(): LineParts {
  const verdicts = new Map<number, Verdict & { readonly text: string }>()
  const places = new Map<string, { readonly issuer: string | undefined; readonly text: string }>()
  const fields = {
    route: new Map<string, string>(),
    target: new Map<string, string>(),
    application: new Map<string, string>(),
  }

  return {
    verdict: ({ outcome, reason, status, method }) => {
      const last = verdicts.get(status)
      if (last?.method === method && last.reason === reason && last.outcome === outcome) return last.text
      const said = reason === undefined ? '' : `,"reason":"${reason}"`
      const text = flat(`","outcome":"${outcome}"${said},"status":${status},"method":${jsonText(method)}`)
      keep(verdicts, status, { outcome, reason, status, method, text })
      return text
    },
    place: (api, issuer) => {
      if (api === undefined) return ''
      const last = places.get(api)
      if (last !== undefined && last.issuer === issuer) return last.text
      const text = flat(`,"api":${jsonText(api)}${issuer === undefined ? '' : `,"issuer":${jsonText(issuer)}`}`)
      keep(places, api, { issuer, text })
      return text
    },
    field: (name, value) => {
      const kept = fields[name].get(value)
      if (kept !== undefined) return kept
      const text = flat(`,"${name}":${jsonText(value)}`)
      keep(fields[name], value, text)
      return text
    },
  }
}

function keep<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (map.size >= keptMax) map.clear()
  map.set(key, value)
}

/** A copy in one piece; V8 keeps the result of a concatenation as a tree of its parts. The text is ASCII. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
