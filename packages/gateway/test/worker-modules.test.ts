import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** Packages a worker process may load; nothing of Node's that opens a database or runs a program. */
const allowedPackages: readonly string[] = ['lru-cache']
const forbiddenBuiltins: readonly string[] = ['node:child_process', 'node:sqlite', 'node:vm', 'node:worker_threads']

const dist = fileURLToPath(new URL('../dist/', import.meta.url))

/** Everything a built entry imports, directly or not: its own files, and packages by name; nothing of `other`. */
function loadedBy(
  entry: string,
  other?: string,
): { readonly files: ReadonlySet<string>; readonly packages: ReadonlySet<string> } {
  const files = new Set<string>()
  const packages = new Set<string>()
  const open = [resolve(dist, entry)]
  if (other !== undefined) files.add(resolve(dist, other))
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) continue
    files.add(file)
    const imports = readFileSync(file, 'utf8').matchAll(/(?:\bfrom|^import|\bimport\()\s*['"]([^'"]+)['"]/gm)
    for (const [, name = ''] of imports) {
      if (name.startsWith('.')) open.push(resolve(dirname(file), name))
      else packages.add(name)
    }
  }
  return { files, packages }
}

describe('S22 what a worker process loads', () => {
  it('is no package outside the list, and nothing that could open a database or run a program', () => {
    const { files, packages } = loadedBy('app/worker/worker-main.js')
    expect(files.size).toBeGreaterThan(30)
    expect([...packages].filter((name) => !name.startsWith('node:') && !allowedPackages.includes(name))).toEqual([])
    expect([...packages].filter((name) => forbiddenBuiltins.includes(name))).toEqual([])
  })

  it('is nothing of admin, portal or the command line', () => {
    const rooms = [...loadedBy('app/worker/worker-main.js').files].map((file) => file.slice(dist.length).split('/')[0])
    expect(rooms.filter((room) => ['admin', 'portal', 'cli', 'outbound'].includes(room ?? ''))).toEqual([])
  })

  it('the supervisor loads no package at all, from its first file on', () => {
    const { files, packages } = loadedBy('cli/main.js', 'cli/program.js')
    expect([...files]).toContain(resolve(dist, 'app/start.js'))
    expect([...packages].filter((name) => !name.startsWith('node:'))).toEqual([])
  })
})
