import { describe, expect, it } from 'vitest'
import { err, ok, type Result } from '../../domain/result.ts'
import type { FetchFault } from '../../outbound/fetch-fault.ts'
import type { FetchAnswer } from '../../outbound/fetch-request.ts'
import { discoverJwksUri, metadataUrls } from './discovery.ts'

type Answer = Result<FetchAnswer, FetchFault>

function answered(body: unknown, status = 200, type = 'application/json'): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return ok({ status, headers: { 'content-type': type }, body: Buffer.from(text) })
}

const missing = answered('<h1>Not found</h1>', 404, 'text/html')

function discover(
  source: { readonly url: string; readonly issuer: string },
  answers: Readonly<Record<string, Answer>>,
): { readonly asked: string[]; readonly result: Promise<Result<string, string>> } {
  const asked: string[] = []
  const result = discoverJwksUri(source, async (url) => {
    asked.push(url)
    return answers[url] ?? missing
  })
  return { asked, result }
}

const issuer = 'https://idp.example/realms/x'
const oidc = 'https://idp.example/realms/x/.well-known/openid-configuration'
const oauth = 'https://idp.example/.well-known/oauth-authorization-server/realms/x'
const source = { url: issuer, issuer }
const metadata = { issuer, jwks_uri: 'https://idp.example/keys', other: [1] }

describe('where metadata is looked for', () => {
  it.each([
    [issuer, issuer, [oidc, oauth]],
    [
      'https://idp.example/',
      'https://idp.example/',
      [
        'https://idp.example/.well-known/openid-configuration',
        'https://idp.example/.well-known/oauth-authorization-server',
      ],
    ],
    [oidc, issuer, [oidc]],
    [oauth, issuer, [oauth]],
    [
      'https://keys.internal/x',
      issuer,
      [
        'https://keys.internal/x',
        'https://keys.internal/x/.well-known/openid-configuration',
        'https://keys.internal/.well-known/oauth-authorization-server/x',
      ],
    ],
    ['not a url', issuer, ['not a url']],
  ])('%s of issuer %s', (url, named, urls) => {
    expect(metadataUrls({ url, issuer: named })).toEqual(urls)
  })
})

describe('S6: discovery', () => {
  it('the OIDC form comes first, the RFC 8414 form when that is not there', async () => {
    const first = discover(source, { [oidc]: answered(metadata), [oauth]: answered(metadata) })
    expect(await first.result).toEqual(ok('https://idp.example/keys'))
    expect(first.asked).toEqual([oidc])
    const second = discover(source, { [oauth]: answered(metadata) })
    expect(await second.result).toEqual(ok('https://idp.example/keys'))
    expect(second.asked).toEqual([oidc, oauth])
  })

  it.each([`${issuer}/`, issuer.toUpperCase(), 'https://idp.example', [issuer], null, 1])(
    'an issuer of %j is not the configured one, and the other form is not tried',
    async (named) => {
      const { asked, result } = discover(source, { [oidc]: answered({ ...metadata, issuer: named }) })
      expect(await result).toMatchObject({ ok: false, error: expect.stringContaining('names the issuer') })
      expect(asked).toEqual([oidc])
    },
  )

  it.each<[string, Answer, string]>([
    ['a server that is down', err({ code: 'timed_out', timeoutMs: 5 }), `${oidc} did not answer within 5 ms`],
    ['a failing server', answered('', 503), `${oidc} answered with status 503`],
    ['metadata without keys', answered({ issuer }), `${oidc} names no \`jwks_uri\``],
    ['a jwks_uri of another type', answered({ issuer, jwks_uri: {} }), `${oidc} names no \`jwks_uri\``],
    ['nothing anywhere', missing, `${oidc} answered with status 404`],
    [
      'a page',
      answered('<html>', 200, 'text/html'),
      `${oidc} answered text/html (status 200), not a metadata document`,
    ],
    [
      'a doubled member',
      answered('{"issuer":"a","issuer":"b"}'),
      `${oidc} answered application/json (status 200), not a metadata document`,
    ],
  ])('%s is told in one sentence', async (_, answer, sentence) => {
    expect(await discover(source, { [oidc]: answer }).result).toEqual(err(sentence))
  })
})
