import { z } from 'zod'

declare const brand: unique symbol

/** A string that is an id of one kind of thing and cannot be passed for another. */
type Branded<Name extends string> = string & { readonly [brand]: Name }

export type IssuerId = Branded<'IssuerId'>
export type ApiId = Branded<'ApiId'>

/** The id of a configured object: 1 to 64 of `a-z`, `0-9`, `-`, starting with a letter or digit. */
export const objectId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'an id is 1 to 64 of a-z, 0-9 and -, starting with a letter or digit')
