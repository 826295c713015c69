import type { AddressClass } from './address-class.ts'

/** Why nothing usable came from a URL. `detail` is one of our own phrases or an error code, never the far side's words. */
export type FetchFault =
  | { readonly code: 'url_invalid'; readonly detail: string }
  | { readonly code: 'userinfo_refused' }
  | { readonly code: 'host_spelling_refused' }
  | { readonly code: 'insecure_refused' }
  | { readonly code: 'port_refused'; readonly port: number }
  | { readonly code: 'name_unresolved'; readonly host: string; readonly detail: string }
  | {
      readonly code: 'address_refused'
      readonly host: string
      readonly address: string
      /** `unreadable`: the resolver gave something that is not a plain address. */
      readonly addressClass: AddressClass | 'unreadable'
    }
  | { readonly code: 'connect_failed'; readonly detail: string }
  | { readonly code: 'tls_failed'; readonly detail: string }
  | { readonly code: 'timed_out'; readonly timeoutMs: number }
  | { readonly code: 'redirected'; readonly status: number; readonly location: string | undefined }
  | { readonly code: 'encoded'; readonly encoding: string }
  | { readonly code: 'body_too_large'; readonly bodyBytesMax: number }
  | { readonly code: 'answer_broken'; readonly detail: string }

/** The fault as a predicate to stand behind the URL: "… did not answer within 5000 ms". */
export function describeFetchFault(fault: FetchFault): string {
  switch (fault.code) {
    case 'url_invalid':
      return `is not a URL that can be fetched: ${fault.detail}`
    case 'userinfo_refused':
      return 'carries a user name or password, which is refused'
    case 'host_spelling_refused':
      return 'spells its host in an unusual way; write a name in ASCII or an address in its plain form'
    case 'insecure_refused':
      return 'is plain http, which needs allowInsecureHttp: true'
    case 'port_refused':
      return `names port ${fault.port}; a URL learnt from another server may use the usual ports only (name this one in the configuration)`
    case 'name_unresolved':
      return `has a host that does not resolve (${fault.detail})`
    case 'address_refused':
      return `leads to ${fault.address}, ${classWords[fault.addressClass]}`
    case 'connect_failed':
      return `cannot be connected to (${fault.detail})`
    case 'tls_failed':
      return `failed the TLS handshake or its certificate is not trusted (${fault.detail})`
    case 'timed_out':
      return `did not answer within ${fault.timeoutMs} ms`
    case 'redirected':
      return `answered with a redirect (${fault.status}${fault.location === undefined ? '' : ` to ${fault.location}`}), and redirects are not followed`
    case 'encoded':
      return `answered in the encoding "${fault.encoding}", which was not asked for`
    case 'body_too_large':
      return `answered more than ${fault.bodyBytesMax} bytes`
    case 'answer_broken':
      return `broke off its answer or did not speak HTTP (${fault.detail})`
  }
}

const notListed = 'which a URL learnt from another server may name only when outbound.allowPrivate lists it'

const classWords: Readonly<Record<AddressClass | 'unreadable', string>> = {
  public: 'a public address',
  private: `a private address, ${notListed}`,
  loopback: `a loopback address, ${notListed}`,
  cgnat: `a shared carrier address, ${notListed}`,
  'link-local': 'a link-local address, which is never fetched from',
  metadata: 'a cloud metadata address, which is never fetched from',
  unspecified: 'an address of "this network", which is never fetched from',
  multicast: 'a multicast address, which is never fetched from',
  reserved: 'a reserved address, which is never fetched from',
  unreadable: 'which is not a plain address',
}
