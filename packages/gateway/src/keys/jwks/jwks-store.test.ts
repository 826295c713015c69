import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createJwksStore, type KeyLogLine, type StoredSource } from './jwks-store.ts'

let data = ''
const log: KeyLogLine[] = []
const open = (): ReturnType<typeof createJwksStore> => createJwksStore(data, (line) => log.push(line))

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'jwks-store-'))
  log.length = 0
})
afterEach(() => rmSync(data, { recursive: true }))

const stored: StoredSource = {
  issuerId: '../../etc/idp',
  generation: 7,
  fingerprint: 'abc',
  distrusted: ['k9'],
  parts: [
    {
      source: 'https://idp.example/jwks',
      url: 'https://idp.example/jwks',
      body: '{"keys":[]}',
      etag: '"v1"',
      fetchedAtMs: 1,
      freshMs: 2,
    },
  ],
}

function onlyFile(): string {
  const files = readdirSync(join(data, 'jwks'))
  expect(files).toHaveLength(1)
  return join(data, 'jwks', files[0] ?? '')
}

describe('what is kept of key sources', () => {
  it('what was saved is read back after a restart', () => {
    expect(open().save(stored)).toBe(true)
    expect(open().load(stored.issuerId)).toEqual(stored)
    expect(log).toEqual([])
  })

  it('an issuer that was never saved has nothing, without a word', () => {
    expect(open().load('idp')).toBeUndefined()
    expect(log).toEqual([])
  })

  it('the file lies inside the data directory whatever the issuer is called, is private, and leaves no draft', () => {
    open().save(stored)
    open().save({ ...stored, generation: 8 })
    expect(onlyFile()).toMatch(/\/jwks\/[0-9a-f]{32}\.json$/)
    expect(statSync(onlyFile()).mode & 0o777).toBe(0o600)
    expect(open().load(stored.issuerId)?.generation).toBe(8)
  })

  it.each(['', '{', 'null', '[]', '{"issuerId":"../../etc/idp"}', JSON.stringify({ ...stored, issuerId: 'other' })])(
    'a damaged file is ignored with a line in the log: %s',
    (text) => {
      open().save(stored)
      writeFileSync(onlyFile(), text)
      expect(open().load(stored.issuerId)).toBeUndefined()
      expect(log).toMatchObject([{ level: 'error', message: expect.stringContaining('damaged') }])
      expect(open().save(stored)).toBe(true)
    },
  )

  it.each(Object.keys(stored))('a file whose `%s` is of another type is damaged', (member) => {
    open().save(stored)
    writeFileSync(onlyFile(), JSON.stringify({ ...stored, [member]: [1.5] }))
    expect(open().load(stored.issuerId)).toBeUndefined()
    expect(log).toMatchObject([{ level: 'error' }])
  })

  it('a directory that cannot be written is said so, and nothing throws', () => {
    writeFileSync(join(data, 'jwks'), 'in the way')
    expect(open().save(stored)).toBe(false)
    expect(open().load(stored.issuerId)).toBeUndefined()
    expect(log.map(({ level }) => level)).toEqual(['error', 'warn'])
  })
})
