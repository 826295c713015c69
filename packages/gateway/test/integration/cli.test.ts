import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanUp, type GatewayProcess, send, startGateway } from './gateway-process.ts'

const bin = fileURLToPath(new URL('../../bin/jotgate.js', import.meta.url))
let folder = ''
/** What the making of the key pair in `es` said. */
let made: Run = { code: null, out: '', err: '' }

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jotgate-cli-'))
  made = await jotgate(['keys', 'generate', '--alg', 'ES256', '--out', 'es'])
  await jotgate(['keys', 'generate', '--alg', 'HS256', '--out', 'hs'])
  write('orders.yaml', yaml('publicKey: "${file:es/public.pem}"'))
  write('hs.yaml', yaml('sharedSecret: "${file:hs/secret.txt}"'))
})

afterAll(async () => {
  await cleanUp()
  rmSync(folder, { recursive: true, force: true })
})

interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a command as an operator does: built, in a process of its own, in the test's folder. */
function jotgate(args: readonly string[], input = ''): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd: folder, stdio: 'pipe' })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text
    })
    // A command that reads no input may be gone before it is written.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return name
}

function read(name: string): string {
  return readFileSync(join(folder, name), 'utf8')
}

function openssl(...args: readonly string[]): string {
  return execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function yaml(keys: string, more = ''): string {
  return `version: 1
issuers:
  acme:
    issuer: https://id.example.com
    keys: { ${keys} }
    audiences: [orders]
${more}apis:
  orders:
    listen: { path: /orders }
    upstream: { targets: ["http://127.0.0.1:9"] }
    access: { issuers: [acme], require: { scopes: { any: [orders.read] } } }
`
}

describe('jotgate keys', () => {
  it('generate writes a private key that openssl reads, mode 0600, and prints nothing of it', async () => {
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(statSync(join(folder, 'es/private.pem')).mode & 0o777).toBe(0o600)
    expect(openssl('pkey', '-in', 'es/private.pem', '-pubout')).toBe(read('es/public.pem'))
    const jwk = (await jotgate(['keys', 'convert', 'es/private.pem', '--to', 'jwk', '--private'])).out
    const { d } = JSON.parse(jwk)
    expect(d).toMatch(/^[\w-]{43}$/)
    expect(made.out).not.toContain(d)
    expect(made.out).not.toContain('PRIVATE')
  })

  it('generate never replaces a file', async () => {
    const before = read('es/private.pem')
    expect(await jotgate(['keys', 'generate', '--out', 'es'])).toMatchObject({ code: 1, out: '' })
    expect(read('es/private.pem')).toBe(before)
  })

  it.each(['RS256', 'EdDSA'])('a generated %s key signs what openssl-made public keys verify', async (alg) => {
    await jotgate(['keys', 'generate', '--alg', alg, '--out', alg])
    writeFileSync(join(folder, `${alg}.pub`), openssl('pkey', '-in', `${alg}/private.pem`, '-pubout'))
    const token = (await jotgate(['token', 'sign', '--key', `${alg}/private.pem`])).out
    expect(await jotgate(['token', 'verify', '-', '--key', `${alg}.pub`], token)).toMatchObject({ code: 0 })
  })

  it.each([
    ['genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048', 'pkcs8'],
    ['genrsa -traditional 2048', 'pkcs1'],
    ['ecparam -name prime256v1 -genkey -noout', 'sec1'],
    ['genpkey -algorithm ed25519', 'ed25519'],
  ])('convert reads what `openssl %s` made, also without line breaks, and keeps the key', async (command, name) => {
    writeFileSync(join(folder, `${name}.pem`), openssl(...command.split(' ')))
    const wanted = openssl('pkey', '-in', `${name}.pem`, '-pubout')
    write(`${name}.line`, read(`${name}.pem`).replaceAll('\n', ''))
    for (const file of [`${name}.pem`, `${name}.line`]) {
      expect((await jotgate(['keys', 'convert', file, '--to', 'pem'])).out).toBe(wanted)
    }
    const jwk = write(
      `${name}.jwk`,
      (await jotgate(['keys', 'convert', `${name}.pem`, '--to', 'jwk', '--private'])).out,
    )
    expect((await jotgate(['keys', 'convert', jwk, '--to', 'pem'])).out).toBe(wanted)
    const out = ['--private', '--out', `${name}.back`]
    expect(await jotgate(['keys', 'convert', jwk, '--to', 'pem', ...out])).toMatchObject({ code: 0, out: '' })
    expect(openssl('pkey', '-in', `${name}.back`, '-pubout')).toBe(wanted)
    expect(statSync(join(folder, `${name}.back`)).mode & 0o777).toBe(0o600)
  })

  it('convert reads DER and certificates', async () => {
    openssl('pkey', '-in', 'es/public.pem', '-pubin', '-outform', 'DER', '-out', 'es.der')
    expect((await jotgate(['keys', 'convert', 'es.der', '--to', 'pem'])).out).toBe(read('es/public.pem'))
    openssl('req', '-x509', '-new', '-key', 'es/private.pem', '-subj', '/CN=x', '-out', 'es.crt')
    expect((await jotgate(['keys', 'convert', 'es.crt', '--to', 'pem'])).out).toBe(read('es/public.pem'))
  })

  it('id names a key as openssl computes it, the same for its private and public half', async () => {
    openssl('pkey', '-in', 'es/public.pem', '-pubin', '-outform', 'DER', '-out', 'es.der')
    const spki = execFileSync('openssl', ['dgst', '-sha256', '-binary', 'es.der'], { cwd: folder }).toString(
      'base64url',
    )
    for (const file of ['es/private.pem', 'es/public.pem', 'es/jwks.json']) {
      const [key] = JSON.parse((await jotgate(['keys', 'id', file, '--json'])).out)
      expect(key.spkiSha256).toBe(spki)
      expect(key.thumbprint).toBe(JSON.parse(read('es/jwks.json')).keys[0].kid)
    }
  })

  it('a shared secret has no id that is shown', async () => {
    await jotgate(['keys', 'generate', '--alg', 'HS256', '--out', 'hs', '--format', 'jwk'])
    expect(await jotgate(['keys', 'id', 'hs/secret.jwk'])).toMatchObject({ code: 1, out: '' })
  })

  it('a file that is no key is refused without a word of it', async () => {
    write('canary.txt', 'canary-8d1f2c')
    const run = await jotgate(['keys', 'convert', 'canary.txt', '--to', 'jwk'])
    expect(run).toMatchObject({ code: 1, out: '' })
    expect(run.err).toContain('canary.txt: no form a key comes in')
    expect(run.err).not.toContain('8d1f2c')
  })
})

describe('jotgate token', () => {
  it('sign, decode and verify go round, the token never on a command line', async () => {
    const sign = ['token', 'sign', '--key', 'es/private.pem', '--kid', 'one', '--claims', '-', '--aud', 'orders']
    const signed = await jotgate([...sign, '--expires-in', '1h'], '{"sub":"alice","scope":"orders.read"}')
    expect(signed).toMatchObject({ code: 0, err: '' })
    write('token', signed.out)
    const decoded = JSON.parse((await jotgate(['token', 'decode', '@token', '--json'])).out)
    expect(decoded).toMatchObject({
      verified: false,
      notice: 'decoded, not verified',
      header: { alg: 'ES256', kid: 'one', typ: 'JWT' },
      claims: { sub: 'alice', aud: 'orders' },
    })
    expect(decoded.claims.exp - decoded.claims.iat).toBe(3600)
    const verified = await jotgate(['token', 'verify', '--key', 'es/public.pem'], `Bearer ${signed.out}`)
    expect(verified).toMatchObject({ code: 0, err: '' })
    expect(verified.out).toMatch(/^verified: /)
  })

  it('decode says in words, first, that nothing was verified', async () => {
    expect((await jotgate(['token', 'decode', '@token'])).out).toMatch(/^decoded, not verified/)
  })

  it('verify names the check that failed', async () => {
    const changed = read('token').replace(/\.[^.]{4}/, '.AAAA')
    expect(await jotgate(['token', 'verify', '--key', 'es/public.pem'], changed)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^not verified: token_malformed/),
    })
    await jotgate(['keys', 'generate', '--out', 'other'])
    const other = await jotgate(['token', 'verify', '@token', '--key', 'other/public.pem'])
    expect(other).toMatchObject({ code: 1, out: expect.stringMatching(/^not verified: signature_invalid/) })
  })

  it('verify asks all that an API asks', async () => {
    const verify = ['token', 'verify', '-', '--config', 'orders.yaml', '--api', 'orders']
    const sign = ['token', 'sign', '--key', 'es/private.pem', '--iss', 'https://id.example.com', '--aud', 'orders']
    const good = (await jotgate([...sign, '--claim', 'scope=orders.read'])).out
    expect(await jotgate(verify, good)).toMatchObject({ code: 0 })
    const weak = await jotgate(verify, (await jotgate(sign)).out)
    expect(weak.out).toMatch(/^not verified: scope_missing/)
    expect(weak.out).toMatch(/rule {4}orders\.yaml:\d+:\d+ apis\.orders\.access\.require\.scopes/)
    const unknown = await jotgate([...verify.slice(0, -1), 'bills'], good)
    expect(unknown).toMatchObject({ code: 1, out: '', err: expect.stringContaining('there is: orders') })
  })

  it('a shared secret signs and verifies when the algorithm says that it is one', async () => {
    const token = (await jotgate(['token', 'sign', '--key', 'hs/secret.txt', '--alg', 'HS256'])).out
    const verify = ['token', 'verify', '--key', 'hs/secret.txt']
    expect(await jotgate([...verify, '--alg', 'HS256'], token)).toMatchObject({ code: 0 })
    expect(await jotgate(verify, token)).toMatchObject({ code: 1, out: '' })
    expect(await jotgate(['check', '--config', 'hs.yaml'])).toMatchObject({ code: 0 })
  })

  it('no command prints a private key or a secret on failure', async () => {
    const { d } = JSON.parse((await jotgate(['keys', 'convert', 'es/private.pem', '--to', 'jwk', '--private'])).out)
    write('broken.jwk', JSON.stringify({ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', d }))
    for (const args of [
      ['token', 'sign', '--key', 'broken.jwk'],
      ['token', 'sign', '--key', 'broken.jwk', '--alg', 'RS256'],
      ['token', 'verify', 'a.b.c', '--key', 'broken.jwk'],
      ['keys', 'id', 'broken.jwk'],
      ['keys', 'convert', 'broken.jwk', '--to', 'pem', '--private'],
    ]) {
      const run = await jotgate(args)
      expect(run.code).toBe(1)
      expect(run.out + run.err).not.toContain(d)
      expect(run.err).toMatch(/^jotgate: broken\.jwk|^$/)
    }
  })
})

describe('jotgate check', () => {
  const fine = yaml('publicKey: "${file:es/public.pem}"')

  it.each([
    ['a missing file', undefined, 'file_missing'],
    ['an empty file', '', 'empty'],
    ['half a file', fine.slice(0, 90), ''],
    ['an unknown key', `${fine}colour: red\n`, 'unknown_key'],
    ['an unknown issuer', fine.replace('[acme]', '[amce]'), 'issuer_unknown'],
    ['a key file that is not there', yaml('publicKey: "${file:none.pem}"'), 'reference_missing'],
    ['a key file that is a folder', yaml('publicKey: "${file:es}"'), 'reference_unreadable'],
    ['a key of the wrong type', fine.replace('    audiences', '    algorithms: [RS256]\n    audiences'), 'algorithm'],
    ['a secret in a key field', yaml('publicKey: "${file:hs/secret.txt}"'), 'secret_in_key_field'],
    ['a key in a secret field', yaml('sharedSecret: "${file:es/public.pem}"'), 'key_in_secret_field'],
    ['a private key', yaml('publicKey: "${file:es/private.pem}"'), 'private_key'],
    ['a URL in a key field', yaml('publicKey: "https://id.example.com/keys"'), 'url_in_key_field'],
  ])('%s is named with its place, and the exit code is 1', async (_name, text, code) => {
    if (text === undefined) rmSync(join(folder, 'bad.yaml'), { force: true })
    else write('bad.yaml', text)
    const run = await jotgate(['check', '--config', 'bad.yaml'])
    expect(run).toMatchObject({ code: 1, err: '' })
    expect(run.out).toMatch(text === undefined ? /^bad\.yaml \w+ / : /^bad\.yaml:\d+:\d+ \w+ /)
    expect(run.out).toContain(code)
    expect(run.out).toMatch(/bad\.yaml is refused: \d+ errors?, \d+ warnings?\.\n$/)
    expect(run.out).not.toContain('PRIVATE')
    expect(run.out).not.toContain(read('hs/secret.txt').trim())
  })

  it('tells every problem at once, each on a line of its own', async () => {
    write('bad.yaml', `${fine.replace('[acme]', '[amce]').replace('version: 1', 'version: 2')}colour: red\n`)
    const { problems } = JSON.parse((await jotgate(['check', '--config', 'bad.yaml', '--json'])).out)
    expect(problems.length).toBeGreaterThan(1)
    for (const problem of problems)
      expect(problem).toMatchObject({ line: expect.any(Number), code: expect.any(String) })
  })

  it('shows what is protected, and every loosening', async () => {
    write('jotgate.yaml', fine.replace('    audiences', '    requireExp: false\n    audiences'))
    const run = await jotgate(['check'])
    expect(run).toMatchObject({ code: 0, err: '' })
    expect(run.out).toMatch(/^jotgate\.yaml:\d+:\d+ exp_not_required warning: /)
    expect(run.out).toMatch(/^orders +\*\/orders +acme: https:\/\/id\.example\.com +orders /m)
    expect(run.out).toContain('jotgate.yaml may go live: 0 errors, 1 warning.')
  })

  it('names variables it may not read, until it may', async () => {
    write('env.yaml', yaml('sharedSecret: "${env:HOME}"'))
    expect((await jotgate(['check', '-c', 'env.yaml'])).out).toContain('HOME')
    const allowed = await jotgate(['check', '-c', 'env.yaml', '--allow-env', 'HOME'])
    expect(allowed.out).toContain('secret_too_short')
  })
})

describe('jotgate explain and config show', () => {
  let gateway: GatewayProcess | undefined
  let admin: readonly string[] = []
  let url = ''

  beforeAll(async () => {
    const keys = { publicKey: read('es/public.pem') }
    const config = {
      version: 1,
      issuers: { acme: { issuer: 'https://id.example.com', keys, audiences: ['orders'] } },
      apis: {
        orders: {
          listen: { path: '/orders' },
          upstream: { targets: ['http://127.0.0.1:9'] },
          access: { issuers: ['acme'], require: { scopes: { any: ['orders.read'] } } },
        },
      },
    }
    gateway = await startGateway({ config, workers: 1 })
    url = gateway.url
    admin = ['--data', join(gateway.folder, 'data')]
  })

  it('a decision id of a refused request is explained down to the line that asked', async () => {
    const answer = await send(`${url}/orders`)
    expect(answer.status).toBe(401)
    const run = await jotgate(['explain', String(answer.headers['jotgate-decision']), ...admin])
    expect(run).toMatchObject({ code: 0, err: '' })
    expect(run.out).toMatch(/^refused: token_missing \(401\): GET \/orders, API orders\n/)
    expect(run.out).toContain('✗ extractToken')
    expect(run.out).toMatch(/rule {4}\S*jotgate\.json:\d+:\d+ /)
    expect(run.out).toContain('docs/failure-modes.md#token_missing')
  })

  it('a described request ends the same offline, described to the gateway, and sent', async () => {
    const sign = ['token', 'sign', '--key', 'es/private.pem', '--iss', 'https://id.example.com']
    const cases: readonly (readonly [reason: string, path: string, args: readonly string[]])[] = [
      ['upstream_refused', '/orders', ['--aud', 'orders', '--claim', 'scope=orders.read']],
      ['scope_missing', '/orders/7', ['--aud', 'orders']],
      ['audience_mismatch', '/orders', ['--aud', 'bills']],
      ['token_expired', '/orders', ['--aud', 'orders', '--claim', 'exp=1']],
      ['issuer_untrusted', '/orders', ['--iss', 'https://id.example.com/']],
      ['api_unknown', '/ordersx', []],
      ['bad_path', '/orders//x', []],
    ]
    for (const [reason, path, args] of cases) {
      const token = (await jotgate([...sign, ...args])).out.trim()
      write('headers', `Authorization: Bearer ${token}\n`)
      const described = ['explain', '--path', path, '--header', '@headers', '--json']
      const offline = JSON.parse((await jotgate([...described, '--config', 'orders.yaml'])).out)
      const online = JSON.parse((await jotgate([...described, ...admin])).out)
      // Judging stops before the upstream, which only a request that is sent reaches.
      const expected = reason === 'upstream_refused' ? undefined : reason
      expect([path, offline.reason, online.reason]).toEqual([path, expected, expected])
      const answer = await send(`${url}${path}`, { headers: { Authorization: `Bearer ${token}` } })
      const id = String(answer.headers['jotgate-decision'])
      const sent = JSON.parse((await jotgate(['explain', id, '--json', ...admin])).out)
      expect([path, sent.reason, sent.rule?.path]).toEqual([path, reason, sent.rule && offline.rule?.path])
      expect(offline.seen).toBe(online.seen)
      expect(offline.rule?.path).toBe(online.rule?.path)
      expect(JSON.stringify([offline, online])).not.toContain(token.split('.')[2])
    }
  })

  it('offline, the line that asked is shown', async () => {
    const token = (await jotgate(['token', 'sign', '--key', 'es/private.pem', '--iss', 'https://id.example.com'])).out
    const run = await jotgate(['explain', '--path', '/orders', '--token', '-', '--config', 'orders.yaml'], token)
    expect(run.code).toBe(0)
    expect(run.err).toContain('Judged by orders.yaml, not by a running gateway.')
    expect(run.out).toMatch(/orders\.yaml:6:5 issuers\.acme\.audiences\n +audiences: \[orders\]/)
  })

  it('config show prints every default and no secret, of the gateway and of a file', async () => {
    const running = await jotgate(['config', 'show', ...admin])
    expect(running).toMatchObject({ code: 0, out: expect.stringContaining('generation 1 in force') })
    const file = await jotgate(['config', 'show', '--config', 'hs.yaml'])
    expect(file.out).toContain('requireExp: true')
    expect(file.out).toContain('[hidden]')
    expect(file.out).not.toContain(read('hs/secret.txt').trim())
  })

  it('keys status and refresh answer for a gateway that fetches none', async () => {
    for (const verb of ['status', 'refresh']) {
      expect(await jotgate(['keys', verb, ...admin])).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^No issuer fetches keys/),
      })
    }
    const distrust = await jotgate(['keys', 'distrust', '--issuer', 'acme', '--kid', 'x', ...admin])
    expect(distrust).toMatchObject({ code: 1, err: expect.stringContaining('No issuer of that id fetches keys') })
  })

  it('without a gateway, a decision or the right token, a sentence says what to do', async () => {
    const id = `${'0'.repeat(32)}-0`
    const missing = await jotgate(['explain', id, '--data', 'nowhere'])
    expect(missing).toMatchObject({ code: 1, out: '', err: expect.stringContaining('--data') })
    const unknown = await jotgate(['explain', id, ...admin])
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('No such decision is kept') })
    const elsewhere = await jotgate(['keys', 'status', ...admin, '--admin', url])
    expect(elsewhere).toMatchObject({ code: 1, err: expect.stringMatching(/^jotgate: /) })
  })
})

describe('jotgate keys status, refresh and distrust', () => {
  it('show, fetch and withdraw the keys of a provider on a running gateway', async () => {
    const jwks = read('es/jwks.json')
    const { kid } = JSON.parse(jwks).keys[0]
    let asked = 0
    const provider = createServer((_request, response) => {
      asked += 1
      response.setHeader('content-type', 'application/json').end(jwks)
    })
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
    const { port } = provider.address() as AddressInfo
    const keys = { jwksUri: `http://127.0.0.1:${port}/keys` }
    const acme = { issuer: 'https://id.example.com', keys, audiences: ['orders'], allowInsecureHttp: true }
    const orders = { upstream: { targets: ['http://127.0.0.1:9'] }, access: { issuers: ['acme'] } }
    const gateway = await startGateway({ config: { version: 1, issuers: { acme }, apis: { orders } }, workers: 1 })
    const admin = ['--data', join(gateway.folder, 'data')]

    const refreshed = await jotgate(['keys', 'refresh', ...admin])
    expect(refreshed).toMatchObject({ code: 0, err: '' })
    expect(asked).toBeGreaterThan(1)
    const status = await jotgate(['keys', 'status', '--issuer', 'acme', ...admin])
    expect(status.out).toMatch(
      /^acme {2}fresh, 1 key\n {2}from http:\/\/127\.0\.0\.1:\d+\/keys\n {2}fetched (now|\d+ s ago)\n/,
    )
    expect(status.out).toContain(kid)
    expect(await jotgate(['keys', 'status', '--issuer', 'amce', ...admin])).toMatchObject({
      code: 1,
      err: expect.stringContaining('those that do: acme'),
    })

    const sign = ['token', 'sign', '--key', 'es/private.pem', '--iss', 'https://id.example.com', '--aud', 'orders']
    const token = (await jotgate([...sign, '--kid', kid])).out
    const explain = ['explain', '--path', '/', '--token', '-', '--json', ...admin]
    expect(JSON.parse((await jotgate(explain, token)).out)).toMatchObject({ outcome: 'forwarded' })
    const distrust = await jotgate(['keys', 'distrust', '--issuer', 'acme', '--kid', kid, ...admin])
    expect(distrust).toMatchObject({ code: 0, out: `1 key distrusted on all workers: ${kid}\n` })
    expect(JSON.parse((await jotgate(explain, token)).out)).toMatchObject({ reason: 'keys_unavailable' })
    expect((await jotgate(['keys', 'status', ...admin])).out).toContain(`distrusted: ${kid}`)
    // What the gateway keeps is what an offline verdict rests on.
    const offline = ['--config', gateway.configFile]
    expect(JSON.parse((await jotgate([...explain, ...offline], token)).out)).toMatchObject({
      reason: 'keys_unavailable',
    })

    provider.closeAllConnections()
    await new Promise((resolve) => provider.close(resolve))
    const failed = await jotgate(['keys', 'refresh', '--issuer', 'acme', ...admin])
    expect(failed).toMatchObject({ code: 1, out: expect.stringContaining('last fetch failed: ') })
  })
})

describe('jotgate routes', () => {
  const fine = yaml('publicKey: "${file:es/public.pem}"')

  it('lists what protects each route', async () => {
    write('routes.yaml', fine)
    const run = await jotgate(['routes', '--config', 'routes.yaml'])
    expect(run).toMatchObject({ code: 0, err: '' })
    expect(run.out).toMatch(/^API +PATH +METHODS +PROTECTED BY\n.+issuer acme for .+\n$/)
  })

  it('says what was lost since another version, with exit code 1', async () => {
    write('before.yaml', fine)
    write('after.yaml', fine.replace(/access: .*/, 'access: public'))
    const lost = await jotgate(['routes', '--config', 'after.yaml', '--against', 'before.yaml'])
    expect(lost).toMatchObject({ code: 1, err: '' })
    expect(lost.out).toMatch(/the token\n\n1 protection lost since before\.yaml\.\n$/)
    const kept = await jotgate(['routes', '--config', 'before.yaml', '--against', 'after.yaml', '--json'])
    expect(kept).toMatchObject({ code: 0, out: expect.stringContaining('"lost"') })
    expect((await jotgate(['routes', '--config', 'none.yaml'])).code).toBe(1)
  })
})

describe('jotgate simulate', () => {
  const guide = readFileSync(new URL('../../../../docs/guides/applications.md', import.meta.url), 'utf8')
  const [, document = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(guide) ?? []
  const examples = [...guide.matchAll(/^\$ npx jotgate (simulate .*)\n([\s\S]*?)^```/gm)].map(
    ([, command = '', output = '']) => [command, output] as const,
  )
  const simulate = (...args: readonly string[]) =>
    jotgate(['simulate', '--config', 'applications.yaml', '--api', 'orders', ...args])

  beforeAll(() => write('applications.yaml', document))

  it.each(examples)('%s prints what the guide shows', (command, output) => {
    write('jotgate.yaml', document)
    const script = `"${process.execPath}" "${bin}" ${command} || true`
    expect(execFileSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' })).toBe(output)
  })

  it('the guide has examples', () => expect(examples.length).toBeGreaterThan(0))

  it('exit code 0 when nothing refuses, 1 when something does, 2 when it cannot be told', async () => {
    const request = ['--path', '/orders/7', '--method', 'post']
    expect(await simulate('--claims', '{"azp":"billing"}', ...request)).toMatchObject({ code: 0, err: '' })
    expect(await simulate('--claims', '{"azp":"dashboard"}', ...request)).toMatchObject({ code: 1, err: '' })
    expect(await simulate('--claims', '{"azp":"nobody"}')).toMatchObject({ code: 1, err: '' })
    for (const [args, words] of [
      [[], 'say who calls'],
      [['--claims', '[]'], 'no object'],
      [['--claims', '{}', '--token', 'x'], 'not both'],
      [['--claims', '-', '--api-key', '-'], 'can be read once'],
      [['--claims', '{}', '--method', 'GET'], '--method goes with --path'],
      [['--claims', '{}', '--at', 'tomorrow'], '--at takes a time'],
      [['--claims', '{}', '--config', 'none.yaml'], 'none.yaml'],
      [['--claims', '{}', '--api', 'order'], 'did you mean'],
    ] as const) {
      const run = await simulate(...args)
      expect(run).toMatchObject({ code: 2, out: '', err: expect.stringContaining(words) })
    }
    expect((await jotgate(['simulate'])).code).toBe(2)
  })

  it('reads claims and tokens from standard input, and prints nothing of a token', async () => {
    expect(
      (await jotgate(['simulate', '-c', 'applications.yaml', '--api', 'orders', '--claims', '-'], '{"azp":"billing"}'))
        .code,
    ).toBe(0)
    const claims = { iss: 'https://id.example.com/realms/acme', aud: 'orders-api', azp: 'billing', note: 'secret-note' }
    const token = (
      await jotgate(['token', 'sign', '--key', 'es/private.pem', '--claims', JSON.stringify(claims)])
    ).out.trim()
    const run = await jotgate(['simulate', '-c', 'applications.yaml', '--api', 'orders', '--token', '-'], token)
    expect(run).toMatchObject({ code: 0, err: '' })
    expect(run.out).toContain('the signature was not checked')
    for (const part of [...token.split('.'), 'secret-note']) expect(run.out).not.toContain(part)
  })

  it('a token an application signed itself says who is calling, and what else it says counts for nothing', async () => {
    write(
      'own.yaml',
      `version: 1
applications:
  robot: { tokens: { keys: [{ name: own, publicKey: "\${file:es/public.pem}" }] }, subscriptions: [{ api: ledger }] }
apis:
  ledger:
    listen: { path: /ledger }
    upstream: { targets: ["http://127.0.0.1:9"] }
    access: { identify: { by: [jwtKey] } }
`,
    )
    const claims = JSON.stringify({ iss: 'robot', sub: 'robot', aud: 'robot', role: 'secret-role' })
    const token = (await jotgate(['token', 'sign', '--key', 'es/private.pem', '--claims', claims])).out.trim()
    const ask = (...args: readonly string[]) =>
      jotgate(['simulate', '-c', 'own.yaml', '--api', 'ledger', ...args], token)
    for (const args of [
      ['--token', '-'],
      ['--claims', claims],
      ['--claims', '{"role":"secret-role"}', '--issuer', 'application:robot'],
    ]) {
      const run = await ask(...args)
      expect(run).toMatchObject({ code: 0, err: '' })
      expect(run.out).toContain(' of application robot itself, taken as genuine')
      expect(run.out).toContain('\n             counts for nothing: role (its own word)\n')
      expect(run.out).toContain('robot, active, by its own token (applications.robot.tokens)\n')
      expect(run.out).not.toContain('secret-role')
    }
  })

  it('--json is one object, and --at moves the time', async () => {
    const run = await simulate('--claims', '{"azp":"billing"}', '--at', '2030-01-01T00:00:00Z', '--json')
    expect(JSON.parse(run.out)).toMatchObject({
      api: 'orders',
      at: '2030-01-01T00:00:00.000Z',
      application: { found: { id: 'billing' } },
      allowed: true,
    })
  })

  it('an API key is known by the master key of its data directory, and never printed', async () => {
    const made = JSON.parse((await jotgate(['keys', 'api', '--data', 'keys-data', '--json'])).out)
    write(
      'labels.yaml',
      `version: 1
applications:
  printer: { apiKeys: [{ id: k1, hash: "${made.hash}" }], subscriptions: [{ api: labels }] }
apis:
  labels:
    listen: { path: /labels }
    upstream: { targets: ["http://127.0.0.1:9"] }
    access: { identify: { by: [apiKey] } }
`,
    )
    const ask = (data: string) =>
      jotgate(['simulate', '-c', 'labels.yaml', '--api', 'labels', '--api-key', '-', '--data', data], made.apiKey)
    const run = await ask('keys-data')
    expect(run).toMatchObject({ code: 0, err: '', out: expect.stringContaining('printer, active, by API key k1') })
    expect(run.out).not.toContain(made.apiKey)
    expect(await ask('no-data')).toMatchObject({ code: 2, err: expect.stringContaining('--data') })
  })
})

describe('jotgate itself', () => {
  const commands = [
    ['start'],
    ['check'],
    ['routes'],
    ['simulate'],
    ['explain'],
    ['token'],
    ['token', 'sign'],
    ['token', 'decode'],
    ['token', 'verify'],
    ['keys'],
    ...['generate', 'convert', 'id', 'status', 'refresh', 'distrust'].map((verb) => ['keys', verb]),
    ['config'],
    ['config', 'show'],
    ['schema'],
    ['completion'],
  ]

  it.each(commands)('the help of %s %s has an example that begins with it', async (...words) => {
    const names = words.filter((word) => word !== undefined)
    const run = await jotgate([...names, '--help'])
    expect(run).toMatchObject({ code: 0, err: '' })
    expect(run.out).toMatch(new RegExp(`^  (.*[| (])?jotgate ${names.join(' ')}`, 'm'))
    expect(run.out).toContain('Example')
  })

  it('a slip is answered with what was meant, and exit code 2', async () => {
    expect(await jotgate(['chek'])).toMatchObject({ code: 2, err: expect.stringContaining('check') })
    expect(await jotgate(['check', '--confg', 'x'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--config'),
    })
    expect(await jotgate(['keys', 'generate', '--alg', 'none'])).toMatchObject({ code: 2, out: '' })
  })

  it('prints no colour into a pipe', async () => {
    expect((await jotgate(['check', '--config', 'orders.yaml'])).out).not.toContain('\u001b')
  })

  it('a reader that leaves early ends it without a word', async () => {
    const script = `"${process.execPath}" "${bin}" schema 2>errors | head -c 1 >/dev/null; echo "\${PIPESTATUS[0]}"`
    const code = execFileSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' })
    expect([code.trim(), read('errors')]).toEqual(['0', ''])
  })

  it('schema is the published one, and --write writes both documents', async () => {
    const schema = JSON.parse((await jotgate(['schema'])).out)
    expect(schema.title).toBe('Jotgate configuration')
    expect(await jotgate(['schema', '--write', 'written'])).toMatchObject({ code: 0, out: '' })
    expect(JSON.parse(read('written/jotgate.schema.json'))).toEqual(schema)
    expect((await jotgate(['schema', '--docs'])).out).toBe(read('written/configuration.md'))
  })

  it('the bash completion is valid, and completes commands, options and their values', async () => {
    write('completion.bash', (await jotgate(['completion', 'bash'])).out)
    const complete = (line: string): string => {
      const script = `source completion.bash; COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _jotgate; echo "\${COMPREPLY[*]}"`
      return execFileSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' }).trim()
    }
    expect(complete("jotgate ''").split(' ')).toEqual(expect.arrayContaining(['start', 'check', 'keys', 'token']))
    expect(complete("jotgate keys ''").split(' ')).toEqual(expect.arrayContaining(['generate', 'distrust']))
    expect(complete('jotgate check --al')).toBe('--allow-env')
    expect(complete('jotgate start --log p')).toBe('pretty')
  })

  it.each(['zsh', 'fish'])('the %s completion is valid where that shell is installed', async (shell) => {
    const { out } = await jotgate(['completion', shell])
    expect(out).toContain('generate')
    const file = write(`completion.${shell}`, out)
    const installed = ['/usr/bin', '/bin', '/usr/local/bin'].map((at) => join(at, shell)).find(existsSync)
    if (installed !== undefined) execFileSync(installed, ['-n', file], { cwd: folder })
  })
})
