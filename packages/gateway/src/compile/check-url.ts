import type { ConfigPath } from '@jotgate/contract'
import type { CompilePorts } from './compile-ports.ts'
import type { ProblemList } from './problem-list.ts'

/** A URL of the operator's that the gateway itself will fetch: it parses, is https unless loosened, and is no metadata service. */
export function checkUrl(
  text: string,
  allowInsecureHttp: boolean,
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): void {
  if (!URL.canParse(text)) {
    problems.error(path, 'invalid_url', 'not a URL')
    return
  }
  const url = new URL(text)
  if (url.protocol === 'http:' && !allowInsecureHttp) {
    const hint = 'use https, or write `allowInsecureHttp: true` on this issuer (also for loopback)'
    problems.error(path, 'insecure_http', 'plain http lets anybody on the way choose the keys', hint)
  }
  if (isForbiddenHost(url.hostname, ports)) {
    problems.error(path, 'forbidden_address', 'link-local and metadata addresses are never connected to')
  }
}

/** Link-local and cloud metadata addresses (security rules S6, S14). `hostname` is as a URL canonicalises it. */
export function isForbiddenHost(hostname: string, ports: CompilePorts): boolean {
  const kind = ports.classifyAddress(bareHost(hostname))
  return kind === 'link-local' || kind === 'metadata' || /^metadata(\.google\.internal)?\.?$/.test(hostname)
}

/** A URL's host without the brackets of an IPv6 address. */
export function bareHost(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}
