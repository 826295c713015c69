import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey, type Jwk, signToken } from '@jotgate/signer'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ok } from '../domain/result.ts'
import { createJwksStore } from '../keys/jwks/jwks-store.ts'
import { type LoadedConfig, loadConfig } from './config/load-config.ts'
import { explainOffline, type OfflineDecision } from './offline-explain.ts'

const nowMs = Date.UTC(2026, 0, 1)
const jwksUri = 'https://id.example.com/keys'
const text = `version: 1
issuers:
  acme: { issuer: https://id.example.com, keys: { jwksUri: ${jwksUri} }, jwks: { maxStale: 1h }, audiences: [a] }
apis:
  orders:
    upstream: { targets: ["http://127.0.0.1:9"] }
    access: { issuers: [acme] }
`

let dataDir = ''
let privateJwk: Jwk
let publicJwk: Jwk

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'jotgate-offline-'))
  const made = await generateKey('ES256')
  if (made.kind !== 'pair') throw new Error('no pair')
  privateJwk = made.privateJwk
  publicJwk = made.publicJwk
})

afterEach(() => rmSync(dataDir, { recursive: true }))

async function load(): Promise<LoadedConfig> {
  const files = { realPath: async (path: string) => path, readBytes: async () => ok(Buffer.from(text)) }
  const loaded = await loadConfig('a.yaml', { environment: {}, allowEnv: [], secretsDir: undefined, nowMs, files })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  return loaded.value
}

function keep(distrusted: readonly string[], fetchedAtMs = nowMs): void {
  const part = { source: jwksUri, url: jwksUri, body: JSON.stringify({ keys: [publicJwk] }), etag: undefined }
  createJwksStore(dataDir, () => undefined).save({
    issuerId: 'acme',
    generation: 1,
    fingerprint: '',
    distrusted,
    parts: [{ ...part, fetchedAtMs, freshMs: 60_000 }],
  })
}

async function judge(atMs: number, from: string | undefined): Promise<OfflineDecision> {
  const token = await signToken({ iss: 'https://id.example.com', aud: 'a', exp: atMs / 1000 + 60 }, privateJwk)
  const rawHeaders = ['Host', 'localhost', 'Authorization', `Bearer ${token}`]
  const request = { method: 'GET', target: '/', rawHeaders, peer: '127.0.0.1' }
  return await explainOffline(request, await load(), { dataDir: from, nowMs: atMs, file: 'a.yaml' })
}

describe('a request judged without a gateway', () => {
  it('uses the last good keys of the data directory, and says how old they are', async () => {
    keep([])
    const { decision, keySets } = await judge(nowMs + 1000, dataDir)
    expect(decision.outcome).toBe('forwarded')
    expect(decision.checks.find(({ step }) => step === 'forward')?.verdict).toBe('not reached')
    expect(keySets).toEqual([{ issuerId: 'acme', keys: 1, fetchedAtMs: nowMs }])
  })

  it('without kept keys they are unavailable, which is no fault of the caller', async () => {
    for (const from of [undefined, dataDir]) {
      const { decision, keySets } = await judge(nowMs, from)
      expect(decision).toMatchObject({ reason: 'keys_unavailable', status: 503 })
      expect(decision.rule).toMatchObject({ path: 'issuers.acme.keys', file: 'a.yaml', line: 3 })
      expect(keySets).toEqual([{ issuerId: 'acme', keys: 0, fetchedAtMs: undefined }])
    }
  })

  it('kept keys serve no longer than a gateway would let them', async () => {
    keep([])
    expect((await judge(nowMs + 3_600_000, dataDir)).decision.outcome).toBe('forwarded')
    expect((await judge(nowMs + 3_661_000, dataDir)).decision.reason).toBe('keys_unavailable')
  })

  it('a distrusted key verifies nothing here either', async () => {
    keep([publicJwk.kid ?? ''])
    expect((await judge(nowMs, dataDir)).decision.reason).toBe('keys_unavailable')
  })

  it('writes nothing', async () => {
    keep([])
    const folder = join(dataDir, 'jwks')
    const contents = () => readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])
    const before = contents()
    await judge(nowMs + 10_000, dataDir)
    expect(contents()).toEqual(before)
    expect(readdirSync(dataDir)).toEqual(['jwks'])
  })
})
