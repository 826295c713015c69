import type { Command } from 'commander'
import { err, ok, type Result } from '../domain/result.ts'
import { formatDate } from './format-time.ts'
import { readToken } from './read-given.ts'
import { exitCodes, type Paint, type Terminal } from './terminal.ts'

/** `jotgate token decode`: what a token says, which proves nothing. */
export function addTokenDecode(token: Command, terminal: Terminal): void {
  token
    .command('decode')
    .description('show header and claims of a token: decoded, not verified; nothing is sent anywhere')
    .argument('[token]', 'the token, @file, or - for standard input', '-')
    .option('--json', 'one JSON object instead of text')
    .addHelpText(
      'after',
      `
Examples:
  jotgate token decode @token.txt
  pbpaste | jotgate token decode
  jotgate token decode --json < token.txt | jq .claims.aud`,
    )
    .action(async (given: string, flags: { readonly json?: true }) => {
      process.exitCode = await decode(given, flags.json === true, terminal)
    })
}

async function decode(given: string, json: boolean, terminal: Terminal): Promise<number> {
  const token = await readToken(given, terminal)
  if (!token.ok) return terminal.fail(token.error)
  const decoded = decodeToken(token.value)
  if (!decoded.ok) return terminal.fail(decoded.error)
  const nowSeconds = Math.floor(Date.now() / 1000)
  if (json) terminal.out(`${showJson({ notice, verified: false, ...decoded.value })}\n`)
  else terminal.out(formatDecoded(decoded.value, nowSeconds, terminal.paint))
  return exitCodes.done
}

const notice = 'decoded, not verified'

/** A token taken apart. Nothing in it is to be believed. */
export interface DecodedToken {
  readonly header: unknown
  readonly claims: unknown
  readonly signatureBytes: number
}

/** Takes a compact JWS apart, as loosely as a reader wants it; whether it is well-formed only `verify` says. */
export function decodeToken(compact: string): Result<DecodedToken, string> {
  const parts = compact.split('.')
  if (parts.length === 5) return err('this is an encrypted token (JWE): only who holds its key can read it')
  if (parts.length !== 3) {
    return err(
      `a token has three parts with dots between them, this has ${parts.length}; opaque tokens say nothing by themselves`,
    )
  }
  const [header = '', payload = '', signature = ''] = parts
  const decodedHeader = parsePart(header)
  if (!decodedHeader.ok) return err('the header is no base64url of JSON; was the token copied whole?')
  const claims = parsePart(payload)
  if (!claims.ok) return err('the payload is no base64url of JSON; was the token copied whole?')
  const signatureBytes = Buffer.from(signature, 'base64url').length
  return ok({ header: decodedHeader.value, claims: claims.value, signatureBytes })
}

function parsePart(part: string): Result<unknown, undefined> {
  try {
    return ok(JSON.parse(Buffer.from(part, 'base64url').toString('utf8')))
  } catch {
    return err(undefined)
  }
}

/** The words first, then header and claims, with times as dates beside them. */
export function formatDecoded(
  { header, claims, signatureBytes }: DecodedToken,
  nowSeconds: number,
  paint: Paint,
): string {
  return `${[
    paint.yellow(`${notice}: anybody can write such a token; \`jotgate token verify\` checks it`),
    '',
    paint.bold('header'),
    showJson(header),
    '',
    paint.bold('claims'),
    showJson(claims),
    ...formatTimes(claims, nowSeconds),
    '',
    `signature: ${signatureBytes} bytes, not checked`,
  ].join('\n')}\n`
}

const timeClaims = ['iat', 'nbf', 'exp', 'auth_time'] as const

function formatTimes(claims: unknown, nowSeconds: number): readonly string[] {
  if (typeof claims !== 'object' || claims === null) return []
  const members = claims as Readonly<Record<string, unknown>>
  const lines = timeClaims.flatMap((name) => {
    const value = members[name]
    const date = typeof value === 'number' ? formatDate(value, nowSeconds) : undefined
    return date === undefined ? [] : [`  ${name.padEnd(10)}${date}`]
  })
  return lines.length === 0 ? [] : ['', ...lines]
}

/** JSON whose strings can neither move the cursor nor turn the reading direction. */
function showJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replaceAll(/[\u007f-\u009f\p{Cf}\u2028\u2029]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
