import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FileWatch, watchFiles } from './watch-files.ts'

let folder: string
let changes: number
let files: FileWatch
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jotgate-test-'))
  changes = 0
  files = watchFiles(() => {
    changes += 1
  })
})
afterEach(() => {
  files.close()
  rmSync(folder, { recursive: true })
})

const at = (name: string): string => join(folder, name)
const change = (): Promise<void> => vi.waitFor(() => expect(changes).toBeGreaterThan(0), { timeout: 5000 })

describe('S21 files are followed however they are changed', () => {
  it('a file written in place', async () => {
    writeFileSync(at('a'), '1')
    files.set([at('a')])
    writeFileSync(at('a'), '22')
    await change()
  })

  it("an editor's rename over the file, and again after it", async () => {
    writeFileSync(at('a'), '1')
    files.set([at('a')])
    for (const content of ['22', '333']) {
      changes = 0
      writeFileSync(at('a.new'), content)
      renameSync(at('a.new'), at('a'))
      await change()
    }
  })

  it('a file that goes, and one that comes', async () => {
    writeFileSync(at('a'), '1')
    files.set([at('a')])
    rmSync(at('a'))
    await change()
    changes = 0
    writeFileSync(at('a'), '1')
    await change()
  })

  it("Kubernetes' swap of the ..data link, and again after it", async () => {
    for (const version of ['..1', '..2', '..3']) {
      mkdirSync(at(version))
      writeFileSync(join(at(version), 'a'), version)
    }
    symlinkSync('..1', at('..data'))
    symlinkSync('..data/a', at('a'))
    files.set([at('a')])
    for (const version of ['..2', '..3']) {
      changes = 0
      symlinkSync(version, at('..tmp'))
      renameSync(at('..tmp'), at('..data'))
      await change()
    }
  })

  it('a file in a folder that is replaced', async () => {
    mkdirSync(at('etc'))
    writeFileSync(at('etc/a'), '1')
    files.set([at('etc/a')])
    renameSync(at('etc'), at('old'))
    await change()
    changes = 0
    mkdirSync(at('etc'))
    writeFileSync(at('etc/a'), '22')
    await change()
  })

  it('a change between two calls of set is not lost, since the file may have been read before it', async () => {
    writeFileSync(at('a'), '1')
    files.set([at('a')])
    writeFileSync(at('a'), '22')
    files.set([at('a')])
    await change()
  })

  it('another file in the same folder changes nothing', async () => {
    writeFileSync(at('a'), '1')
    writeFileSync(at('b'), '1')
    files.set([at('a')])
    writeFileSync(at('b'), '22')
    writeFileSync(at('a.new'), '22')
    renameSync(at('a.new'), at('a'))
    await change()
    expect(changes).toBe(1)
  })
})
