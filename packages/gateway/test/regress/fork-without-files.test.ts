import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const script = fileURLToPath(new URL('../support/fleet-without-files.ts', import.meta.url))

// A fork that failed for want of files was counted twice, and each count filled the slot again.
it('a slot that could not be filled for want of files holds one worker when it can', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'jotgate-fleet-'))
  const entry = join(folder, 'worker.mjs')
  writeFileSync(entry, 'setInterval(() => undefined, 1000)\n')
  try {
    const command = 'ulimit -n 64; exec "$@"'
    const words = ['-c', command, 'sh', process.execPath, '--import', 'tsx', script, entry]
    expect((await promisify(execFile)('sh', words)).stdout).toBe('1 alive\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
