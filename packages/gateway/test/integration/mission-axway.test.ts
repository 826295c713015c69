import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, createPublicKey, sign as signBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AnnouncedUpstream, startAnnouncedUpstream } from '../support/announced-upstream.ts'
import { readMissionPage } from '../support/mission-page.ts'
import { type Caller, createCaller } from './caller.ts'
import { cleanUp, startGateway, until } from './gateway-process.ts'

const page = readMissionPage('001_22e465210d9dac60.txt')
const hasTools = ['openssl version', 'jq --version'].every((line) => spawnSync('sh', ['-c', line]).status === 0)
/** As in the page's samples: 32 hexadecimal digits. */
const applicationId = 'e4e674d56b224770016b2264471f006d'
const privateKeyFile = 'sigjwt_private_no_passphrase.key'

describe.skipIf(page === undefined || !hasTools)('the page "Secure an API with JWT" of Axway', () => {
  let folder: string
  let publicKey: string
  let keyId: string
  let upstream: AnnouncedUpstream
  let caller: Caller

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jotgate-axway-'))
    for (const name of ['createKeys.sh', 'signJWT.sh']) writeFileSync(join(folder, name), scriptOf(page ?? '', name))
    publicKey = bash('source ./createKeys.sh && printf %s "$PUBLIC_KEY"')
    const spki = createPublicKey(readFileSync(join(folder, 'public.key'))).export({ type: 'spki', format: 'der' })
    keyId = createHash('sha256').update(spki).digest('base64url')

    upstream = await startAnnouncedUpstream()
    const gateway = await startGateway({ config: config(), env: { JOTGATE_AXWAY_PUBLIC_KEY: publicKey } })
    caller = createCaller(gateway, upstream)
  })
  afterEach(() => expect(upstream.unexpected()).toEqual([]))
  afterAll(async () => {
    await cleanUp()
    rmSync(folder, { recursive: true, force: true })
    await upstream.close()
  })

  function bash(script: string): string {
    return execFileSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  }

  function config(): object {
    return {
      version: 1,
      issuers: {
        application: {
          issuer: applicationId,
          audiences: [applicationId],
          keys: { publicKey: { key: '${env:JOTGATE_AXWAY_PUBLIC_KEY}', kid: keyId } },
          algorithms: ['RS256'],
          clockSkew: { iat: '0s', nbf: '0s', exp: '0s' },
        },
      },
      apis: { api: { upstream: { targets: [upstream.url] }, access: { issuers: ['application'] } } },
    }
  }

  /** A token as `jwt` and jwt.io make them: members in this order, signed with the key of the page's first script. */
  function sign(header: object, claims: object): string {
    const signed = `${encode(header)}.${encode(claims)}`
    const signature = signBytes('sha256', Buffer.from(signed), readFileSync(join(folder, privateKeyFile)))
    return `${signed}.${signature.toString('base64url')}`
  }

  it('its first script leaves a key without line breaks, which is what the configuration is given', () => {
    expect(publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=]+-----END PUBLIC KEY-----$/)
  })

  it('a token of its bash script passes within its second, and is expired two seconds later', async () => {
    // A machine under load may take the whole second to sign; then the next second is tried.
    const { token, status } = await until(async () => {
      await until(() => Date.now() % 1000 < 50)
      const token = bash(`source ./signJWT.sh ${privateKeyFile} ${applicationId} ${keyId} && printf %s "$JWT"`)
      const claims = decode(token, 1)
      expect(claims.exp).toBe(Number(claims.iat) + 1)
      if (Date.now() > Number(claims.exp) * 1000 - 200) return false
      return { token, status: (await caller.send('/', token)).status }
    })
    expect(decode(token, 0)).toEqual({ typ: 'JWT', alg: 'RS256', kid: keyId })
    expect(status).toBe(200)

    const { exp, iat } = decode(token, 1)
    await until(() => Date.now() >= (Number(iat) + 2) * 1000)
    const refused = await caller.refused('/', token)
    expect([refused.status, refused.reason, JSON.parse(refused.body).code]).toEqual([
      401,
      'token_expired',
      'token_expired',
    ])
    expect(Number(exp)).toBeLessThan(Date.now() / 1000)
  })

  const now = (): number => Math.floor(Date.now() / 1000)
  const parties = { iss: applicationId, sub: applicationId, aud: applicationId }

  it('a token as its Go binary makes it passes', async () => {
    // `jwt -sign -` puts the claims of standard input in alphabetical order, and its own header around them.
    const iat = now()
    const { iss, sub, aud } = parties
    const token = sign({ alg: 'RS256', kid: keyId, typ: 'JWT' }, { aud, exp: iat + 600, iat, iss, sub })
    expect((await caller.send('/', token)).status).toBe(200)
  })

  it('a token as jwt.io makes it passes', async () => {
    const { iss, sub, aud } = parties
    const token = sign({ alg: 'RS256', kid: keyId, typ: 'JWT' }, { sub, aud, iss, iat: now(), exp: now() + 86_400 })
    expect((await caller.send('/', token)).status).toBe(200)
  })

  it.each([
    ['another key id', { kid: 'RBklhbLMWo_lc6fRpvL6J5sjUmWQn9uHuuZFDd_BfPg' }, {}, 'key_unknown'],
    ['the audience the Go script names and does not use', {}, { aud: 'apicentral' }, 'audience_mismatch'],
    ['the expiry printed for jwt.io', {}, { iat: 1_516_239_022, exp: 1_564_617_600 }, 'token_expired'],
    ['another application', {}, { iss: '2c91808569fca5ce0169fcc9c9a8005b' }, 'issuer_untrusted'],
    ['another algorithm', { alg: 'RS512' }, {}, 'alg_not_allowed'],
  ])('a token with %s is refused', async (_case, header, claims, reason) => {
    const iat = now()
    const token = sign(
      { alg: 'RS256', kid: keyId, typ: 'JWT', ...header },
      { ...parties, iat, exp: iat + 600, ...claims },
    )
    const refused = await caller.refused('/', token)
    expect([refused.status, refused.reason]).toEqual([401, reason])
  })

  it('neither its tokens nor its private key are left anywhere', async () => {
    const key = readFileSync(join(folder, privateKeyFile), 'utf8').split('\n')[2] ?? ''
    expect(await caller.leaks(key)).toEqual([])
  })
})

/** The block the page says to copy to a script of this name. */
function scriptOf(text: string, name: string): string {
  for (const [, block = '', script] of text.matchAll(
    /```bash\n((?:(?!```)[\s\S])*)```\s+Copy the sample above to a script called `([^`]+)`/g,
  )) {
    if (script === name) return block
  }
  throw new Error(`the page has no ${name}`)
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decode(token: string, part: number): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[part] ?? '', 'base64url').toString('utf8'))
}
