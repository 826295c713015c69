import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DataDir } from './data-dir.ts'
import { openDataDir, readRunning, removeRunning, writeRunning } from './data-dir.ts'

let parent: string
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'jotgate-test-'))
})
afterEach(() => rmSync(parent, { recursive: true }))

function opened(): DataDir {
  const directory = openDataDir(join(parent, 'data'))
  if (!directory.ok) throw new Error(directory.error)
  return directory.value
}

describe('the data directory', () => {
  it('is made with its secrets, closed to everybody else', () => {
    const { path, adminToken } = opened()
    expect(statSync(path).mode & 0o777).toBe(0o700)
    for (const file of readdirSync(path)) expect(statSync(join(path, file)).mode & 0o777).toBe(0o600)
    expect(Buffer.from(adminToken, 'base64url')).toHaveLength(32)
  })

  it('keeps its secrets over a restart', () => {
    const first = opened()
    const second = opened()
    expect(second.adminToken).toBe(first.adminToken)
    expect(second.deriveKey('subject')).toEqual(first.deriveKey('subject'))
    expect(second.pseudonym).toBe(first.pseudonym)
    expect(first.pseudonym).toMatch(/^jotgate-[0-9a-f]{24}$/)
  })

  it('derives another key for another purpose, and none is the master key', () => {
    const { path, deriveKey } = opened()
    const master = readFileSync(join(path, 'master-key'), 'utf8').trim()
    const keys = [deriveKey('subject'), deriveKey('api-keys')].map((key) => key.toString('base64url'))
    expect(new Set([...keys, master]).size).toBe(3)
  })

  it.each([
    ['is a file', () => writeFileSync(join(parent, 'data'), '')],
    ['is open to others', () => chmodSync(opened().path, 0o755)],
    ['holds a token others may read', () => chmodSync(join(opened().path, 'admin-token'), 0o644)],
    ['holds a truncated master key', () => writeFileSync(join(opened().path, 'master-key'), 'abc')],
  ])('that %s is refused with a sentence that names the place', (_case, spoil) => {
    spoil()
    const directory = openDataDir(join(parent, 'data'))
    expect(directory).toMatchObject({ ok: false, error: expect.stringContaining(join(parent, 'data')) })
  })

  it('tells where the running gateway is, until it ended', () => {
    const { path } = opened()
    const running = { pid: 1, address: '::', port: 1, adminAddress: '::1', adminPort: 2, controlSocket: '/c' }
    writeRunning(path, running)
    expect(readRunning(path)).toEqual(running)
    removeRunning(path)
    expect(readRunning(path)).toBeUndefined()
  })
})
