import { isAddress } from '../domain/cidr.ts'
import type { DescribedRequest } from '../domain/described-request.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { readGiven, readToken } from './read-given.ts'
import type { Terminal } from './terminal.ts'

/** A request as the command line describes it. */
export interface RequestFlags {
  readonly method: string
  readonly path?: string
  readonly host: string
  readonly header: readonly string[]
  readonly token?: string
  readonly peer: string
}

/** Reads headers and token from where they are, and puts the request together. The error is a sentence. */
export async function describeRequest(
  flags: RequestFlags & { readonly path: string },
  terminal: Terminal,
): Promise<Result<DescribedRequest, string>> {
  if (!flags.path.startsWith('/')) return err('--path begins with a slash: --path /orders/7?full=1')
  if (!isMethod(flags.method)) return err('--method takes one word: --method POST')
  if (!isAddress(flags.peer)) return err('--peer takes an IP address: --peer 192.0.2.7')
  const fields: string[] = []
  for (const given of flags.header) {
    const text = await readGiven(given, terminal)
    if (!text.ok) return text
    for (const line of text.value.split(/\r?\n/).filter((one) => one.trim() !== '')) {
      const field = parseField(line)
      if (field === undefined) return err(`a header is written 'Name: value', not ${JSON.stringify(line.slice(0, 20))}`)
      fields.push(...field)
    }
  }
  if (flags.token !== undefined) {
    const token = await readToken(flags.token, terminal)
    if (!token.ok) return token
    fields.push('Authorization', `Bearer ${token.value}`)
  }
  const isHost = (_: string, index: number): boolean => index % 2 === 0 && fields[index]?.toLowerCase() === 'host'
  const rawHeaders = fields.some(isHost) ? fields : ['Host', flags.host, ...fields]
  return ok({ method: flags.method.toUpperCase(), target: flags.path, rawHeaders, peer: flags.peer })
}

/** A token of RFC 9110 5.6.2; the listener lets no other method in. */
function isMethod(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)
}

function parseField(line: string): readonly [string, string] | undefined {
  const colon = line.indexOf(':')
  return colon < 1 ? undefined : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
}
