import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readWatch } from '../stalls/read-watch.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watch-loop-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Blocks its event loop for 80 ms after 100 ms, and ends when the watch must have written. */
const script = `
setTimeout(() => { const end = performance.now() + 80; while (performance.now() < end); }, 100)
setTimeout(() => undefined, 1200)
`

async function watched(scriptName: string): Promise<string> {
  const [file, main] = [join(folder, 'stalls'), join(folder, scriptName)]
  writeFileSync(main, script)
  const url = new URL('./watch-loop.mjs', import.meta.url)
  url.searchParams.set('file', file)
  await promisify(execFile)(process.execPath, [`--import=${url.href}`, main])
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

it('says that it begins, that it is awake, and what it saw', async () => {
  const notes = readWatch(await watched('worker-main.js'))
  expect(notes[0]?.what).toBe('begun')
  expect(notes.filter(({ what }) => what === 'awake').length).toBeGreaterThanOrEqual(1)
  expect(Math.max(...notes.map(({ ms }) => ms))).toBeGreaterThan(70)
})

it('watches workers alone', async () => {
  expect(await watched('control-main.js')).toBe('')
})
