import { describe, expect, it } from 'vitest'
import { makeCertificate, type Pair } from '../../../test/support/make-certificate.ts'
import type { ApiPlan } from '../../compile/plan.ts'
import { err, ok } from '../../domain/result.ts'
import { loadConfig } from './load-config.ts'
import type { ReferenceFiles } from './reference-files.ts'

const nowMs = Date.now()
const day = 24 * 3_600_000
const root = makeCertificate({ name: 'root', ca: true })
const leaf = makeCertificate({ name: 'leaf', names: ['up.example'], issuer: root })
const client = makeCertificate({ name: 'client', issuer: root })
const renewed = makeCertificate({ name: 'client', issuer: root })
const over = makeCertificate({ name: 'over', issuer: root, fromMs: nowMs - 2 * day, toMs: nowMs - day })
const pairs: Readonly<Record<string, Pair>> = { root, leaf, client, renewed, over }

function memoryFiles(text: string): ReferenceFiles {
  return {
    realPath: async (path) => path,
    readBytes: async (path) => {
      const [name = '', kind] = (path.split('/').at(-1) ?? '').split('.')
      const pair = pairs[name]
      const found = path.endsWith('.yaml') ? text : kind === 'pem' ? pair?.certificate : pair?.privateKey
      return found === undefined ? err('missing') : ok(Buffer.from(found))
    },
  }
}

function load(upstream: string): ReturnType<typeof loadConfig> {
  const text = `version: 1\napis:\n  a:\n    access: public\n    upstream:\n${upstream.replaceAll(/^/gm, '      ')}\n`
  const ports = { environment: {}, allowEnv: [], secretsDir: undefined, nowMs, files: memoryFiles(text) }
  return loadConfig('/etc/jotgate/jotgate.yaml', ports)
}

/** Line and code of everything said of an `upstream` whose first key stands in line 6, but that the API is open. */
async function told(upstream: string): Promise<readonly string[]> {
  const loaded = await load(upstream)
  const problems = loaded.ok ? loaded.value.warnings : loaded.error
  return problems.flatMap(({ path, line, severity, code }) =>
    path.includes('upstream') ? [`${line} ${severity} ${code}`] : [],
  )
}

async function planOf(upstream: string): Promise<ApiPlan['upstream']> {
  const loaded = await load(upstream)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  for (const object of loaded.value.compiled.objects) if (object.kind === 'api') return object.plan.upstream
  throw new Error('no API')
}

const https = 'targets: ["https://up.example"]\n'
const shown = (certificate: string, key = certificate): string =>
  `  clientCertificate:\n    certificate: "\${file:${certificate}.pem}"\n    privateKey: "\${file:${key}.key}"`

describe('S14 problems of upstreams, each at its place', () => {
  it.each<readonly [string, string, readonly string[]]>([
    ['all that can be said, rightly', `${https}tls:\n  ca: "\${file:root.pem}"\n${shown('client')}`, []],
    ['an issuer that may issue nothing', `${https}tls:\n  ca: "\${file:leaf.pem}"`, ['8 error not_an_authority']],
    ['a key for an issuer', `${https}tls:\n  ca: "\${file:root.key}"`, ['8 error private_key_in_certificate']],
    ['a key of another pair', `${https}tls:\n${shown('client', 'leaf')}`, ['9 error key_mismatch']],
    ['a certificate that is over', `${https}tls:\n${shown('over')}`, ['9 error tls_certificate_expired']],
    [
      'a private key in the document itself',
      `${https}tls:\n  clientCertificate:\n    certificate: x\n    privateKey: "-----BEGIN PRIVATE KEY-----"`,
      ['9 error malformed_chain', '10 error secret_in_clear'],
    ],
    ['an address as server name', `${https}tls: { serverName: "10.0.0.1" }`, ['7 error wrong_form']],
    ['TLS settings and no TLS target', 'targets: ["h2c://10.0.0.1"]\ntls: {}', ['7 error upstream_tls_unused']],
    ['TLS settings for h2', 'targets: ["h2://10.0.0.1"]\ntls: {}', []],
    ['a bound below what it bounds', `${https}health: { ejectFor: 1m, ejectMax: 1s }`, ['7 error eject_bounds']],
    ['metadata by HTTP/2, as one number', 'targets:\n - "h2c://2852039166"', ['7 error forbidden_address']],
    ["the gateway's own port by HTTP/2", 'targets:\n - "h2c://localhost:8080"', ['7 error upstream_is_gateway']],
  ])('%s', async (_name, upstream, problems) => {
    expect(await told(upstream)).toEqual(problems)
  })

  it('material replaced under the same name makes another pool', async () => {
    const tls = `${https}tls:\n`
    const one = await planOf(tls + shown('client'))
    expect((await planOf(tls + shown('client'))).id).toBe(one.id)
    expect((await planOf(tls + shown('renewed'))).id).not.toBe(one.id)
  })

  it('h2 and h2c say how a target is spoken to, and have the usual ports', async () => {
    const { targets } = await planOf('targets: ["h2://UP.example", "h2c://10.0.0.1:9000", "https://up.example"]')
    expect(targets.map(({ kind, host, port }) => `${kind} ${host} ${port}`)).toEqual([
      'h2 up.example 443',
      'h2c 10.0.0.1 9000',
      'tls up.example 443',
    ])
  })
})

describe('S16 websocket', () => {
  const loadApi = (lines: readonly string[]): ReturnType<typeof loadConfig> => {
    const text = `version: 1\napis:\n  a:\n    access: public\n${lines.map((line) => `    ${line}\n`).join('')}`
    const ports = { environment: {}, allowEnv: [], secretsDir: undefined, nowMs, files: memoryFiles(text) }
    return loadConfig('/etc/jotgate/jotgate.yaml', ports)
  }
  const upstream = "upstream: { targets: ['http://up.example'] }"

  it.each(['h2://up.example', 'h2c://up.example'])('is refused where a target is %s', async (target) => {
    const loaded = await loadApi(['websocket: true', `upstream: { targets: ['http://up.example', '${target}'] }`])
    expect(loaded.ok ? [] : loaded.error.map(({ line, code }) => `${line} ${code}`)).toEqual(['5 websocket_target'])
  })

  it('is refused where the methods leave out the GET of every handshake', async () => {
    const loaded = await loadApi(['methods: [POST]', 'websocket: true', upstream])
    expect(loaded.ok ? [] : loaded.error.map(({ line, code }) => `${line} ${code}`)).toEqual(['6 websocket_method'])
    expect((await loadApi(['methods: [GET]', 'websocket: true', upstream])).ok).toBe(true)
  })

  it.each([
    [[], undefined],
    [['websocket: false'], undefined],
    [['websocket: true'], { idleTimeoutMs: 300_000 }],
    [['websocket: {}'], { idleTimeoutMs: 300_000 }],
    [['websocket: { idleTimeout: 1m }'], { idleTimeoutMs: 60_000 }],
  ])('is off unless it is asked for, and idle after five minutes unless said otherwise: %j', async (lines, plan) => {
    const loaded = await loadApi([...lines, upstream])
    const objects = loaded.ok ? loaded.value.compiled.objects : []
    expect(objects.flatMap((object) => (object.kind === 'api' ? [object.plan.websocket] : []))).toEqual([plan])
  })
})
