import { spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rotationSeconds } from '../cases.ts'
import { certificate } from '../certificate.ts'
import { audience, issuer } from '../tokens.ts'
import { type CaseKeySets, startCaseKeySets } from './case-key-sets.ts'
import { answering, ended, freePort, idleSeconds, type RunningSide, type SideOptions } from './side.ts'

const main = fileURLToPath(new URL('../../packages/gateway/bin/jotgate.js', import.meta.url))

/** What ships: `jotgate start` with its defaults, one worker for one core, access log to a file, metrics on. */
export async function startJotgate(options: SideOptions & { readonly node: string }): Promise<RunningSide> {
  const port = await freePort()
  const adminPort = await freePort()
  const folder = mkdtempSync(join(options.folder, 'jotgate-'))
  const config = join(folder, 'jotgate.yaml')
  writeFileSync(join(folder, 'bench.key'), readFileSync(options.keyFile))
  const { keys, kind, transport } = options.benchCase
  const jwks = keys === 'static' ? undefined : await startCaseKeySets(keys, options.keyFiles)
  const tls = transport === 'http' ? undefined : certificate()
  if (tls !== undefined) {
    writeFileSync(join(folder, 'tls.crt'), readFileSync(tls.certificateFile))
    writeFileSync(join(folder, 'tls.key'), readFileSync(tls.privateKeyFile))
  }
  writeFileSync(config, jotgateConfig(options, jwks))
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
  await answering(port, 15_000, transport)
  if (keys === 'jwks-down') {
    await jwks?.asked
    jwks?.stop()
  }
  const sinceSeconds = jwks?.sinceSeconds ?? 0
  const tokensPerKey = kind.tokens / kind.signingKeys
  return {
    name: 'jotgate',
    port,
    pid: child.pid ?? 0,
    rotation: keys === 'jwks-rotating' ? { tokensPerKey, sinceSeconds, periodSeconds: rotationSeconds } : undefined,
    cacheLookups: () => readLookups(adminPort, readFileSync(join(data, 'admin-token'), 'utf8').trim()),
    stop: async () => {
      jwks?.stop()
      await ended(child)
    },
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

function jotgateConfig({ benchCase, upstreamPort }: SideOptions, jwks: CaseKeySets | undefined): string {
  const { algorithm } = benchCase.kind
  const access = benchCase.isProtected ? '{ issuers: [bench] }' : 'public'
  const key = `{ ${algorithm === 'HS256' ? 'sharedSecret' : 'publicKey'}: "\${file:./bench.key}" }`
  const keys = jwks === undefined ? key : `{ jwksUri: "${jwks.uri}" }\n    allowInsecureHttp: true`
  const certificates = '[{ certificate: "${file:./tls.crt}", privateKey: "${file:./tls.key}" }]'
  const gateway = [
    benchCase.transport === 'http' ? '' : `  listeners: [{ tls: { certificates: ${certificates} } }]\n`,
    benchCase.idleConnections === 0 ? '' : `  limits: { idleTimeout: ${idleSeconds}s }\n`,
  ].join('')
  return `version: 1
gateway:${gateway === '' ? ' {}' : ''}
${gateway}issuers:
  bench:
    issuer: ${issuer}
    keys: ${keys}
    algorithms: [${algorithm}]
    audiences: [${audience}]
apis:
  bench:
    listen: { path: /api }
    upstream: { targets: ["http://127.0.0.1:${upstreamPort}"] }
    access: ${access}
`
}
