import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hideInline, readSourceLine } from './source-line.ts'

let folder = ''
let file = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jotgate-line-'))
  file = join(folder, 'jotgate.yaml')
  writeFileSync(file, 'version: 1\nissuers:\n  acme: { audiences: [a\u001b[2J] }\n')
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('the line a rule stands on', () => {
  it('is shown free of control characters', () => {
    expect(readSourceLine({ path: 'issuers.acme.audiences', file, line: 3, column: 11 })).toBe(
      'acme: { audiences: [a\\u001b[2J] }',
    )
  })

  it('is not shown when the file was edited since, ended earlier, or is gone', () => {
    expect(readSourceLine({ path: 'apis.orders', file, line: 3, column: 1 })).toBeUndefined()
    expect(readSourceLine({ path: 'issuers.acme', file, line: 9, column: 1 })).toBeUndefined()
    expect(readSourceLine({ path: 'issuers.acme', file: `${file}.gone`, line: 3, column: 1 })).toBeUndefined()
    expect(readSourceLine({ path: 'issuers.acme' })).toBeUndefined()
  })

  it.each([
    ['keys: { jwks: { keys: [{ kty: oct, k: c2VjcmV0 }] } }', 'keys: { jwks: { keys: [{ kty: oct, k: [hidden] }] } }'],
    ['jwks: \'{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}\'', 'jwks: \'{"keys":[{"kty":"oct","k":[hidden]}]}\''],
    ['sharedSecret: hunter2', 'sharedSecret: [hidden]'],
    ['sharedSecret: "${env:JOTGATE_SECRET}"', 'sharedSecret: "${env:JOTGATE_SECRET}"'],
    ['keys: { publicKey: "${file:a.pem}" }', 'keys: { publicKey: "${file:a.pem}" }'],
  ])('a secret written out is hidden: %s', (line, shown) => {
    expect(hideInline(line)).toBe(shown)
  })
})
