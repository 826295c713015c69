import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configJsonSchema, configReference } from '@jotgate/contract'
import { describe, expect, it } from 'vitest'
import { formatProblems } from '../src/app/config/format-problems.ts'
import { loadConfig } from '../src/app/config/load-config.ts'
import type { ReferenceFiles } from '../src/app/config/reference-files.ts'
import { err, ok } from '../src/domain/result.ts'
import { makeCertificate } from './support/make-certificate.ts'

const docs = fileURLToPath(new URL('../../../docs/', import.meta.url))

describe('the configuration documents are generated from the schema', () => {
  it('docs/configuration.md is what the schema says (npm run docs writes it)', () => {
    expect(readFileSync(join(docs, 'configuration.md'), 'utf8')).toBe(configReference())
  })

  it('docs/jotgate.schema.json is what the schema says (npm run docs writes it)', () => {
    expect(JSON.parse(readFileSync(join(docs, 'jotgate.schema.json'), 'utf8'))).toEqual(configJsonSchema())
  })

  it('every key of the schema is in a table with a meaning', () => {
    const rows = configReference()
      .split('\n')
      .filter((line) => line.startsWith('| `'))
    expect(rows.length).toBeGreaterThan(80)
    expect(rows.filter((row) => row.endsWith('|  |'))).toEqual([])
  })
})

/** YAML blocks a reader could copy: all but those marked `yaml fragment`. */
function snippets(): readonly (readonly [string, string])[] {
  const guides = join(docs, 'guides')
  const files = [
    join(docs, 'configuration.md'),
    ...(existsSync(guides)
      ? readdirSync(guides)
          .filter((name) => name.endsWith('.md'))
          .map((name) => join(guides, name))
      : []),
  ]
  return files.flatMap((file) => {
    const blocks = [...readFileSync(file, 'utf8').matchAll(/^```ya?ml[ ]*\n([\s\S]*?)^```/gm)]
    return blocks.map((block, index) => [`${file.slice(docs.length)} block ${index + 1}`, block[1] ?? ''] as const)
  })
}

const exampleKey = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKjXkzRZNJmdyjiIa6gqPDEtCpqkm
ZRz5/uR8uqn1qGZ9UHEPjGeLZk1KjvJ7+NDXRbHRgSMdEtYTlJKZJ4Nq8g==
-----END PUBLIC KEY-----
`

/** Files in a folder `tls` are of one pair, which is an issuer as well. */
const pair = makeCertificate({
  name: 'example',
  names: ['api.example.com'],
  ca: true,
  fromMs: Date.UTC(2025, 11, 1),
  toMs: Date.UTC(2026, 11, 1),
})

describe('every YAML block of the documentation passes check', () => {
  it.each(snippets())('%s', async (_name, text) => {
    // Whatever a guide refers to exists: variables hold a secret, files a key.
    const secret = 'Rk9lYSm2vTq7LxWn4ZcB8dHpUj3GsEoA'.repeat(2)
    const names = [...text.matchAll(/\$\{env:(\w+)\}/g)].map((found) => [found[1] ?? '', secret])
    const files: ReferenceFiles = {
      realPath: async (path) => path,
      readBytes: async (path) => {
        if (path.endsWith('.yaml')) return ok(Buffer.from(text))
        if (path.endsWith('/secret.txt')) return ok(Buffer.from(secret))
        if (path.includes('/tls/')) return ok(Buffer.from(path.endsWith('.key') ? pair.privateKey : pair.certificate))
        return /\.(pem|pub|key|crt)$/.test(path) ? ok(Buffer.from(exampleKey)) : err('missing')
      },
    }
    const loaded = await loadConfig('/guide/jotgate.yaml', {
      environment: Object.fromEntries(names),
      allowEnv: [],
      secretsDir: undefined,
      nowMs: Date.UTC(2026, 0, 1),
      files,
    })
    expect(loaded.ok ? '' : formatProblems(loaded.error)).toBe('')
  })
})
