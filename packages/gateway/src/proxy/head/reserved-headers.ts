import { type HeaderNames, hasHeaderName, hashHeaderName, headerNames, startsFolded } from '../../domain/header-name.ts'

/**
 * Why a header does not pass through: it belongs to one connection (RFC 9110 7.6.1), it frames a message, it is ours,
 * it says where a request came from, it asks a framework to see another request than we judged, or it says who calls.
 */
export type HeaderClass = 'hopByHop' | 'framing' | 'reserved' | 'forwarding' | 'override' | 'identity'

const classes: readonly HeaderClass[] = ['hopByHop', 'framing', 'reserved', 'forwarding', 'override', 'identity']

const names: Readonly<Record<HeaderClass, readonly string[]>> = {
  hopByHop: [
    'connection',
    'http2-settings',
    'keep-alive',
    'proxy-authenticate',
    'proxy-authentication-info',
    'proxy-authorization',
    'proxy-connection',
    'te',
    'trailer',
    'upgrade',
  ],
  framing: ['content-length', 'expect', 'host', 'transfer-encoding'],
  reserved: [],
  forwarding: [
    'cf-connecting-ip',
    'fastly-client-ip',
    'forwarded',
    'true-client-ip',
    'x-client-ip',
    'x-cluster-client-ip',
    'x-envoy-external-address',
    'x-original-forwarded-for',
    'x-original-host',
    'x-real-ip',
  ],
  override: [
    'x-http-method',
    'x-http-method-override',
    'x-method-override',
    'x-original-method',
    'x-original-uri',
    'x-original-url',
    'x-rewrite-url',
  ],
  identity: ['client-cert', 'client-cert-chain', 'remote-user', 'x-remote-user', 'x-authenticated-user'],
}

const prefixes: readonly (readonly [prefix: string, HeaderClass])[] = [
  ['jotgate-', 'reserved'],
  ['x-forwarded-', 'forwarding'],
  ['x-auth-request-', 'identity'],
  ['ssl-client-', 'identity'],
  ['x-ssl-client-', 'identity'],
]

const all: HeaderNames = headerNames(classes.flatMap((kind) => names[kind]))
const sets: readonly (readonly [HeaderClass, HeaderNames])[] = classes.map((kind) => [kind, headerNames(names[kind])])
const initials: Uint8Array = new Uint8Array(128)
for (const [prefix] of prefixes) {
  initials[prefix.charCodeAt(0)] = 1
  initials[prefix.toUpperCase().charCodeAt(0)] = 1
}

/**
 * The class of a name in any spelling; undefined for a header that passes from end to end. From callers no class
 * passes; from upstreams `forwarding`, `override` and `identity` say nothing and do. `hash` is `hashHeaderName(name)`.
 */
export function headerClass(name: string, hash: number = hashHeaderName(name)): HeaderClass | undefined {
  if (all.has(hash)) {
    for (const [kind, set] of sets) if (hasHeaderName(set, name, hash)) return kind
  }
  if (initials[name.charCodeAt(0)] !== 1) return undefined
  for (const [prefix, kind] of prefixes) if (startsFolded(name, prefix)) return kind
  return undefined
}
