import { spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { audience, issuer } from '../tokens.ts'
import { answering, ended, freePort, type RunningSide, type SideOptions } from './side.ts'

const main = fileURLToPath(new URL('../../packages/gateway/bin/jotgate.js', import.meta.url))

/** What ships: `jotgate start` with its defaults, one worker for one core, access log to a file, metrics on. */
export async function startJotgate(options: SideOptions & { readonly node: string }): Promise<RunningSide> {
  const port = await freePort()
  const adminPort = await freePort()
  const folder = mkdtempSync(join(options.folder, 'jotgate-'))
  const config = join(folder, 'jotgate.yaml')
  writeFileSync(join(folder, 'bench.key'), readFileSync(options.keyFile))
  writeFileSync(config, jotgateConfig(options))
  const log = openSync(join(folder, 'access.log'), 'a')
  const data = join(folder, 'data')
  const args = [main, 'start', '--config', config, '--address', '127.0.0.1', '--port', String(port)]
  const child = spawn(
    'taskset',
    [
      '-c',
      String(options.cpu),
      options.node,
      ...args,
      '--admin-port',
      String(adminPort),
      '--workers',
      '1',
      '--data',
      data,
      '--log',
      'json',
    ],
    { stdio: ['ignore', log, log] },
  )
  await answering(port, 15_000)
  return {
    name: 'jotgate',
    port,
    pid: child.pid ?? 0,
    cacheLookups: () => readLookups(adminPort, readFileSync(join(data, 'admin-token'), 'utf8').trim()),
    stop: () => ended(child),
  }
}

async function readLookups(adminPort: number, token: string): Promise<{ hits: number; misses: number }> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`, { headers: { authorization: `Bearer ${token}` } })
  const text = await answer.text()
  const read = (name: string): number => {
    const line = new RegExp(`^jotgate_token_cache_${name}_total (\\d+)`, 'm').exec(text)
    return Number(line?.[1] ?? Number.NaN)
  }
  return { hits: read('hits'), misses: read('misses') }
}

function jotgateConfig(options: SideOptions): string {
  const access = options.benchCase.isProtected ? '\n    access: { issuers: [bench] }' : '\n    access: public'
  const { algorithm } = options.benchCase.kind
  return `version: 1
issuers:
  bench:
    issuer: ${issuer}
    keys: { ${algorithm === 'HS256' ? 'sharedSecret' : 'publicKey'}: "\${file:./bench.key}" }
    algorithms: [${algorithm}]
    audiences: [${audience}]
apis:
  bench:
    listen: { path: /api }
    upstream: { targets: ["http://127.0.0.1:${options.upstreamPort}"] }${access}
`
}
