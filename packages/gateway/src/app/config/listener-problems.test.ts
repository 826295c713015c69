import { describe, expect, it } from 'vitest'
import { makeCertificate, type Pair } from '../../../test/support/make-certificate.ts'
import { err, ok } from '../../domain/result.ts'
import { formatProblems } from './format-problems.ts'
import { type LoadConfigPorts, loadConfig } from './load-config.ts'
import type { ReferenceFiles } from './reference-files.ts'

const nowMs = Date.now()
const day = 24 * 3_600_000
const root = makeCertificate({ name: 'root', ca: true })
const a = makeCertificate({ name: 'a', names: ['a.example', 'b.example'], issuer: root })
const again = makeCertificate({ name: 'a', names: ['b.example'], issuer: root })
const rsa = makeCertificate({ name: 'a', names: ['a.example'], keyType: 'rsa', issuer: root })
const soon = makeCertificate({ name: 's', names: ['s.example'], toMs: nowMs + day })
const pairs: Readonly<Record<string, Pair>> = { a, again, rsa, soon, root }

function read(path: string): string | undefined {
  const [name = '', kind] = (path.split('/').at(-1) ?? '').split('.')
  const pair = pairs[name]
  return kind === 'pem' ? pair?.certificate : kind === 'key' ? pair?.privateKey : undefined
}

async function load(text: string, overrides: Partial<LoadConfigPorts> = {}): ReturnType<typeof loadConfig> {
  const files: ReferenceFiles = {
    realPath: async (path) => path,
    readBytes: async (path) => {
      const found = path.endsWith('jotgate.yaml') ? text : read(path)
      return found === undefined ? err('missing') : ok(Buffer.from(found))
    },
  }
  const plain = { environment: {}, allowEnv: [], secretsDir: undefined, nowMs }
  return loadConfig('/etc/jotgate/jotgate.yaml', { ...plain, files, ...overrides })
}

/** Line, column and code of everything that is said of a `listeners` list that begins in line 4. */
async function told(listeners: string): Promise<readonly string[]> {
  const loaded = await load(
    `version: 1\napis: {}\ngateway: { listeners: [\n${listeners.replaceAll(/^/gm, '  ')}\n  ] }\n`,
  )
  const problems = loaded.ok ? loaded.value.warnings : loaded.error
  return problems.flatMap(({ line, column, severity, code }) =>
    code === 'no_apis' ? [] : [`${line}:${column} ${severity} ${code}`],
  )
}

const pairA = '{ certificate: "${file:a.pem}", privateKey: "${file:a.key}" }'

describe('problems of listeners, each at its place', () => {
  it.each<readonly [string, string, readonly string[]]>([
    ['one with TLS and one without', `{ port: 1, tls: { certificates: [${pairA}] } },\n{ port: 2 }`, []],
    [
      'a key of another pair',
      '{ tls: { certificates: [{\ncertificate: "${file:a.pem}",\nprivateKey: "${file:rsa.key}" }] } }',
      ['5:3 error key_mismatch'],
    ],
    [
      'both swapped',
      '{ tls: { certificates: [{\ncertificate: "${file:a.key}",\nprivateKey: "${file:a.pem}" }] } }',
      ['5:3 error private_key_in_certificate', '6:3 error certificate_in_private_key'],
    ],
    [
      'a key that stands in the document itself',
      '{ tls: { certificates: [{\ncertificate: "${file:a.pem}",\nprivateKey: "-----BEGIN PRIVATE KEY-----" }] } }',
      ['6:3 error secret_in_clear'],
    ],
    [
      'a certificate that ends tomorrow',
      '{ tls: { certificates: [{\ncertificate: "${file:soon.pem}",\nprivateKey: "${file:soon.key}" }] } }',
      ['5:3 warning certificate_expires_soon'],
    ],
    [
      'two certificates of one kind of key for a name',
      `{ tls: { certificates: [${pairA}, {\ncertificate: "\${file:again.pem}",\nprivateKey: "\${file:again.key}" }] } }`,
      ['5:3 warning certificate_shadowed'],
    ],
    [
      'two of different kinds',
      `{ tls: { certificates: [${pairA}, { certificate: "\${file:rsa.pem}", privateKey: "\${file:rsa.key}" }] } }`,
      [],
    ],
    [
      'client certificates of nobody',
      `{ tls: { certificates: [${pairA}],\nclientCertificate: require } }`,
      ['5:3 error client_ca_missing'],
    ],
    [
      'issuers that are not asked for',
      `{ tls: { certificates: [${pairA}],\nclientCa: "\${file:root.pem}" } }`,
      ['5:3 warning client_ca_unused'],
    ],
    [
      'an issuer that may not issue',
      `{ tls: { certificates: [${pairA}], clientCertificate: request,\nclientCa: "\${file:a.pem}" } }`,
      ['5:3 error not_an_authority'],
    ],
    [
      'a public URL of plain http',
      `{ tls: { certificates: [${pairA}] },\npublicUrl: "http://a.example" }`,
      ['5:3 warning public_url_plain'],
    ],
    ['two on one port', '{ port: 9000 },\n{ address: "127.0.0.1",\nport: 9000 }', ['6:3 error port_taken']],
    [
      'two on one port of different addresses',
      '{ address: "127.0.0.1", port: 9000 },\n{ address: "127.0.0.2", port: 9000 }',
      [],
    ],
    ['two on chance ports', '{ port: 0 },\n{ port: 0 }', []],
    ['no certificate', '{ tls: {\ncertificates: [] } }', ['5:3 error out_of_bounds']],
  ])('%s', async (_name, listeners, expected) => {
    expect(await told(listeners)).toEqual(expected)
  })

  it('a listener that takes the admin port', async () => {
    const loaded = await load('version: 1\napis: {}\ngateway: { listeners: [{ port: 8081 }] }\n')
    expect(loaded.ok ? [] : loaded.error.map(({ code, path }) => `${path} ${code}`)).toContain(
      'gateway.admin.port port_taken',
    )
  })

  it('certificates travel as an object of their own, and no other object holds a key', async () => {
    const loaded = await load(`version: 1\napis: {}\ngateway: { listeners: [{ tls: { certificates: [${pairA}] } }] }\n`)
    if (!loaded.ok) throw new Error(formatProblems(loaded.error))
    const { objects } = loaded.value.compiled
    expect(objects.map(({ kind, id }) => `${kind} ${id}`)).toEqual(['gateway gateway', 'listener 0'])
    expect(JSON.stringify(objects[0])).not.toContain('PRIVATE KEY')
    expect(objects[1]?.plan).toMatchObject({
      listener: 0,
      minVersion: 'TLSv1.2',
      clientCertificate: 'none',
      http2: true,
      certificates: [{ names: ['a.example', 'b.example'], keyType: 'ec', privateKey: a.privateKey }],
    })
  })
})

describe('S21 referenced files are read twice', () => {
  const text = `version: 1\napis: {}\ngateway: { listeners: [{ tls: { certificates: [${pairA}] } }] }\n`

  function growing(lengthAt: (reads: number) => number): ReferenceFiles {
    let reads = 0
    return {
      realPath: async (path) => path,
      readBytes: async (path) => {
        const found = path.endsWith('jotgate.yaml') ? text : (read(path) ?? '')
        return ok(Buffer.from(path.endsWith('a.pem') ? found.slice(0, lengthAt(reads++)) : found))
      },
    }
  }

  it('one that is being written is waited for', async () => {
    const files = growing((reads) => 300 + 200 * reads)
    expect(await load('', { files, settle: async () => undefined })).toMatchObject({ ok: true })
  })

  it('one that never rests is refused', async () => {
    const files = growing((reads) => 1 + 3 * reads)
    expect(await load('', { files, settle: async () => undefined })).toMatchObject({
      ok: false,
      error: [{ code: 'file_changing' }],
    })
  })
})
