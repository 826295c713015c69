import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** The import table of docs/architecture.md, as data. A change here comes with a decision record. */
const packagesFolder = fileURLToPath(new URL('../../', import.meta.url))

interface Room {
  /** Rooms of the gateway this one may import. */
  readonly rooms: readonly string[]
  /** Packages it may import, `node:` ones included (a trailing `*` stands for any rest). */
  readonly packages: readonly string[]
}

const gatewayRooms: Readonly<Record<string, Room>> = {
  domain: { rooms: [], packages: [] },
  compile: { rooms: ['domain'], packages: ['@jotgate/contract', 'node:crypto'] },
  outbound: { rooms: ['domain', 'telemetry'], packages: ['node:*'] },
  state: { rooms: ['domain'], packages: ['node:*'] },
  telemetry: { rooms: ['domain'], packages: ['node:*'] },
  keys: { rooms: ['domain', 'outbound', 'telemetry'], packages: ['node:*', 'lru-cache', 'jose'] },
  proxy: {
    rooms: ['domain', 'compile', 'keys', 'state', 'telemetry'],
    packages: ['@jotgate/contract', 'node:*'],
  },
  portal: { rooms: ['domain', 'telemetry'], packages: ['@jotgate/contract', 'node:*'] },
  admin: {
    rooms: ['domain', 'compile', 'keys', 'outbound', 'telemetry'],
    packages: ['@jotgate/contract', 'hono', 'hono/*', '@hono/node-server', 'node:*'],
  },
  app: {
    rooms: ['domain', 'compile', 'outbound', 'state', 'telemetry', 'keys', 'proxy', 'portal', 'admin'],
    packages: ['@jotgate/contract', '@jotgate/signer', 'yaml', 'node:*'],
  },
  cli: {
    rooms: ['app', 'domain', 'telemetry'],
    packages: ['@jotgate/contract', '@jotgate/signer', 'commander', 'node:*'],
  },
}

/** What cli may take from each room beside its own: the doors of house rule "Who may import whom". */
const cliDoors: readonly RegExp[] = [
  /^app\/(start|offline|env|data-dir|version)/,
  /^app\/[a-z-]+-options/,
  /^domain\//,
  /^telemetry\//,
]

/** Modules only the named files may import. */
const guarded: readonly { readonly module: RegExp; readonly files: readonly RegExp[] }[] = [
  {
    module: /^node:https?$/,
    files: [
      /^proxy\/listener/,
      /^proxy\/forward/,
      /^outbound\//,
      /^admin\/server/,
      /^portal\//,
      /^cli\/(send|attack|admin-client)/,
    ],
  },
  { module: /^node:http2$/, files: [/^proxy\/listener/, /^proxy\/upstream\/h2-/] },
  {
    module: /^node:(net|tls)$/,
    // telemetry/open-sink writes to a standard output that is a socket; it connects to nothing.
    files: [/^proxy\/(listener|upstream\/)/, /^outbound\//, /^app\//, /^state\//, /^telemetry\/open-sink/],
  },
  { module: /^node:cluster$/, files: [/^app\//] },
  { module: /^jose$/, files: [/^keys\//, /^issuer\//] },
]

interface SourceFile {
  readonly path: string
  readonly room: string
  readonly text: string
  readonly imports: readonly { readonly from: string; readonly typeOnly: boolean }[]
}

function listSources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
}

function readSource(root: string, path: string): SourceFile {
  const text = readFileSync(path, 'utf8')
  const imports = [...text.matchAll(/^\s*(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?'([^']+)'/gm)].map(
    (found) => ({
      from: found[2] ?? '',
      typeOnly: found[1] !== undefined,
    }),
  )
  const lazy = [...text.matchAll(/\bimport\(\s*'([^']+)'/g)].map((found) => ({ from: found[1] ?? '', typeOnly: false }))
  const inside = relative(root, path)
  return { path: inside, room: inside.split('/')[0] ?? '', text, imports: [...imports, ...lazy] }
}

const gatewaySource = join(packagesFolder, 'gateway/src')
const gatewayFiles = listSources(gatewaySource).map((path) => readSource(gatewaySource, path))
const shipped = gatewayFiles.filter((file) => !file.path.endsWith('.test.ts'))

function targetOf(file: SourceFile, from: string): string {
  return relative(gatewaySource, join(gatewaySource, dirname(file.path), from))
}

function allows(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name))
}

describe('the rooms of the gateway', () => {
  it('every file stands in a room of the table', () => {
    expect(shipped.filter((file) => !(file.room in gatewayRooms)).map((file) => file.path)).toEqual([])
  })

  it('imports only what its room may import', () => {
    const wrong: string[] = []
    for (const file of shipped) {
      const room = gatewayRooms[file.room]
      if (room === undefined) continue
      for (const { from, typeOnly } of file.imports) {
        if (from.startsWith('.')) {
          const other = targetOf(file, from).split('/')[0] ?? ''
          if (other !== file.room && !room.rooms.includes(other)) wrong.push(`${file.path} imports ${from}`)
        } else if (!allows(room.packages, from)) {
          const idsOnly = file.room === 'domain' && from === '@jotgate/contract' && typeOnly
          if (!idsOnly) wrong.push(`${file.path} imports ${from}`)
        }
      }
    }
    expect(wrong).toEqual([])
  })

  it('cli enters other rooms by their doors only', () => {
    const wrong = shipped
      .filter((file) => file.room === 'cli')
      .flatMap((file) =>
        file.imports.filter(({ from }) => from.startsWith('.')).map(({ from }) => targetOf(file, from)),
      )
      .filter((target) => !target.startsWith('cli/') && !cliDoors.some((door) => door.test(target)))
    expect(wrong).toEqual([])
  })

  it('transport, cluster and jose are imported where the table says, and nowhere else', () => {
    const wrong = shipped.flatMap((file) =>
      file.imports
        .filter(({ typeOnly }) => !typeOnly)
        .filter(({ from }) =>
          guarded.some(({ module, files }) => module.test(from) && !files.some((allowed) => allowed.test(file.path))),
        )
        .map(({ from }) => `${file.path} imports ${from}`),
    )
    expect(wrong).toEqual([])
  })

  it('no step knows a transport or a stream (hot-path rule 1)', () => {
    const wrong = shipped
      .filter((file) => file.path.startsWith('proxy/steps/'))
      .flatMap((file) => file.imports.map(({ from }) => `${file.path} imports ${from}`))
      .filter((line) => /node:(http|https|http2|net|tls|stream|events)$|undici/.test(line))
    expect(wrong).toEqual([])
  })

  it('reads the environment in app/env.ts alone', () => {
    expect(
      shipped
        .filter((file) => /\bprocess\.env\b/.test(file.text) && file.path !== 'app/env.ts')
        .map((file) => file.path),
    ).toEqual([])
  })

  it('domain, compile and the pure steps take the clock as an argument', () => {
    const pure = shipped.filter((file) => /^(domain|compile|proxy\/steps)\//.test(file.path))
    expect(
      pure.filter((file) => /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(/.test(file.text)).map((file) => file.path),
    ).toEqual([])
  })

  it('makes a VerifiedToken in one place', () => {
    const makers = shipped
      .filter((file) => /\bas (unknown as )?VerifiedToken\b/.test(file.text))
      .map((file) => file.path)
    expect(makers).toEqual(['proxy/steps/verify-signature.ts'])
  })
})

describe('the other packages', () => {
  it.each([
    ['contract', ['zod']],
    ['signer', ['jose']],
  ])('%s imports %j and nothing else', (name, allowed) => {
    const root = join(packagesFolder, name, 'src')
    const wrong = listSources(root)
      .filter((path) => !path.endsWith('.test.ts'))
      .flatMap((path) => readSource(root, path).imports.map(({ from }) => from))
      .filter((from) => !from.startsWith('.') && !allows(allowed, from))
    expect(wrong).toEqual([])
  })
})

describe('sizes and names', () => {
  const all = ['contract', 'signer', 'gateway'].flatMap((name) => {
    const root = join(packagesFolder, name, 'src')
    return listSources(root).map((path) => readSource(root, path))
  })
  const sources = all.filter((file) => !file.path.endsWith('.test.ts'))

  /** Tables: long because there is much to list, flat to read. */
  const tables = ['config.ts']

  it('no source file is longer than 400 lines', () => {
    expect(
      sources
        .filter((file) => file.text.split('\n').length > 400 && !tables.includes(file.path))
        .map((file) => file.path),
    ).toEqual([])
  })

  it('file names are kebab-case and say what is in them', () => {
    const vague = /^(utils?|helpers?|common|types|misc|shared)\.ts$/
    expect(
      all
        .filter((file) => vague.test(basename(file.path)) || !/^[a-z0-9.-]+\.tsx?$/.test(basename(file.path)))
        .map((file) => file.path),
    ).toEqual([])
  })

  it('nothing is switched off for the type checker', () => {
    expect(sources.filter((file) => /@ts-(ignore|nocheck)/.test(file.text)).map((file) => file.path)).toEqual([])
  })
})
