import { createReadStream } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'

/** The lines of a log from a byte on, one after another: a minute under load writes hundreds of megabytes. */
export function logLines(file: string, fromByte = 0): Interface {
  return createInterface({ input: createReadStream(file, { start: fromByte }), crlfDelay: Number.POSITIVE_INFINITY })
}
