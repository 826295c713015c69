import { z } from 'zod'

/** The id of a configured object: 1 to 64 of `a-z`, `0-9`, `-`, starting with a letter or digit. */
export const objectId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'an id is 1 to 64 of a-z, 0-9 and -, starting with a letter or digit')
