import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AnnouncedUpstream, nonceHeader, startAnnouncedUpstream } from '../support/announced-upstream.ts'
import { readMissionPage } from '../support/mission-page.ts'
import { type Caller, createCaller } from './caller.ts'
import { cleanUp, type GatewayProcess, runToEnd, startGateway } from './gateway-process.ts'

const page = readMissionPage('003_df1fbd5232018a30.txt')
const hasCurl = spawnSync('curl', ['--version']).status === 0
/** What the page's token needs: it has no `iss`, no `aud` and no `exp`, and its secret is short and printed. */
const loosenings = {
  requireIssuer: false,
  requireExp: false,
  anyAudience: true,
  allowSampleKey: true,
  allowWeakSecret: true,
} as const
const bin = fileURLToPath(new URL('../../bin/jotgate.js', import.meta.url))

interface Problem {
  readonly path: string
  readonly code: string
  readonly severity: string
}

describe.skipIf(page === undefined || !hasCurl)('the page "JSON Web Tokens (JWT)" of Tyk', () => {
  const secret = /HMAC Shared Secret (\S+)/.exec(page ?? '')?.[1] ?? ''
  const command = /^\$ (curl http:\/\/localhost:8080\/my-jwt-api\/get \\\n.*)$/m.exec(page ?? '')?.[1] ?? ''
  const env = { JOTGATE_TYK_SECRET: secret }
  let upstream: AnnouncedUpstream
  let gateway: GatewayProcess
  let caller: Caller

  beforeAll(async () => {
    upstream = await startAnnouncedUpstream()
    gateway = await startGateway({ config: config(loosenings), env })
    caller = createCaller(gateway, upstream)
  })
  afterEach(() => expect(upstream.unexpected()).toEqual([]))
  afterAll(async () => {
    await cleanUp()
    await upstream.close()
  })

  function config(terms: object): object {
    return {
      version: 1,
      issuers: { tyk: { ...terms, keys: { sharedSecret: '${env:JOTGATE_TYK_SECRET}' } } },
      apis: {
        'my-jwt-api': {
          listen: { path: '/my-jwt-api', stripPath: true },
          upstream: { targets: [upstream.url] },
          access: { issuers: ['tyk'] },
        },
      },
    }
  }

  /** Runs the printed command against the gateway, with a header more for the upstream and the status last. */
  async function curl(line: string, nonce: string): Promise<string> {
    const here = line.replace('http://localhost:8080', gateway.url)
    const { stdout } = await promisify(execFile)('bash', [
      '-c',
      `${here} --silent --max-time 20 --header '${nonceHeader}: ${nonce}' --write-out ' %{http_code}'`,
    ])
    return stdout
  }

  it('its printed command reaches the API behind the gateway', async () => {
    expect(command).toContain('--header "Authorization: Bearer ')
    upstream.announce('printed')
    expect(await curl(command, 'printed')).toBe('printed 200')
    expect(upstream.received('printed')?.target).toBe('/get')
  })

  it('its command with one character of the token changed is refused', async () => {
    const answer = await curl(command.replace('.eyJzdWIiOiIx', '.eyJzdWIiOiIy'), 'never announced')
    expect(answer).toMatch(/ 401$/)
    expect(answer).toContain('token_invalid')
  })

  it('each loosening it needs is reported, by `check` and while it is in force', async () => {
    const wanted = [
      ['issuers.tyk.requireIssuer', 'issuer_not_required'],
      ['issuers.tyk.requireExp', 'exp_not_required'],
      ['issuers.tyk.anyAudience', 'any_audience'],
      ['issuers.tyk.allowSampleKey', 'sample_key_allowed'],
      ['issuers.tyk.allowWeakSecret', 'weak_secret_allowed'],
      ['issuers.tyk.keys.sharedSecret', 'secret_too_short'],
      ['issuers.tyk.keys.sharedSecret', 'sample_secret'],
    ]
    const named = (problems: readonly Problem[]): unknown => problems.map(({ path, code }) => [path, code])
    const { warnings } = JSON.parse((await caller.admin('GET', '/config')).body)
    expect(named(warnings)).toEqual(wanted)

    const checked = spawnSync(process.execPath, [bin, 'check', '--json', '--config', gateway.configFile], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    })
    const { ok, problems } = JSON.parse(checked.stdout)
    expect([checked.status, ok, named(problems)]).toEqual([0, true, wanted])
    expect(problems.map(({ severity }: Problem) => severity)).toEqual(wanted.map(() => 'warning'))
  })

  it.each([
    ['requireIssuer', 'issuer_missing'],
    ['anyAudience', 'audience_missing'],
    ['allowSampleKey', 'sample_secret'],
    ['allowWeakSecret', 'secret_too_short'],
  ] as const)('without %s the configuration is refused', async (name, wanted) => {
    const { [name]: _, ...others } = loosenings
    const { code, output } = await runToEnd({ config: config(others), env })
    expect([code, output.includes(` ${wanted} `), output.includes(secret)]).toEqual([1, true, false])
  })

  it('without requireExp the token is refused', async () => {
    const { requireExp: _, ...others } = loosenings
    const strict = createCaller(await startGateway({ config: config(others), env }), upstream)
    const token = /Bearer ([^"]+)"/.exec(command)?.[1]
    const refused = await strict.refused('/my-jwt-api/get', token)
    expect([refused.status, refused.reason]).toEqual([401, 'claim_missing'])
  })
  it('neither its token nor its secret is left anywhere', async () => {
    const token = /Bearer ([^"]+)"/.exec(command)?.[1] ?? ''
    expect(await caller.leaks(token.slice(-32), secret)).toEqual([])
  })
})
