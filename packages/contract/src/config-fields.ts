import { z } from 'zod'

/** Fields that several sections of the configuration share. */

export const second: number = 1000
export const minute: number = 60 * second
export const hour: number = 60 * minute
export const day: number = 24 * hour

/** An address or network. Its numbers are checked when the configuration is compiled. */
export const cidr = z
  .string()
  .regex(/^[0-9a-fA-F.:]{2,45}(\/\d{1,3})?$/, 'an address or a network in CIDR form: 10.0.0.0/8, 2001:db8::/32')

export const httpUrl = z
  .string()
  .max(2048)
  .regex(
    /^https?:\/\/[^\s/?#@]+(\/[^\s#]*)?(\?[^\s#]*)?$/,
    'an http or https URL without user info and without a fragment',
  )

/** A header field name (RFC 9110 section 5.1). */
export const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, "a header name: letters, digits and !#$%&'*+.^_`|~- (RFC 9110 5.1)")

export const claimPath = z.string().min(1).max(256).meta({
  title: 'claim',
  description: 'A claim: its literal name, or a path into nested objects with dots. A literal name wins over a path.',
})

export const method = z.string().regex(/^[A-Z]{1,16}$/, 'a method in capitals: GET, POST')

/** A path as routes and policies write it. */
export const pathPattern = z
  .string()
  .regex(/^\/[^\s?#]*$/, 'a path that starts with / and has no query: /admin/*')
  .max(1024)
  .meta({
    description: "Path below the API's own: segments, `*` for one whole segment, a final `*` for any rest.",
  })

/** How a proxy tells the next server where a request came from. */
export const forwardedForm = z.enum(['x-forwarded', 'rfc7239', 'both', 'none'])

export const algorithmName = z.enum([
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'rsa',
  'ecdsa',
  'eddsa',
  'hmac',
])

export const scalar = z.union([z.string().max(2048), z.number(), z.boolean()])

export const scalars = z.array(scalar).min(1).max(1000)

/** One thing, or a list of them. */
export function oneOrMore<T extends z.ZodType>(item: T) {
  return z.union([item, z.array(item).min(1).max(100)])
}
