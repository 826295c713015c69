import { spawn } from 'node:child_process'
import { openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { audience, issuer } from '../tokens.ts'
import { answering, ended, freePort, type RunningSide, type SideOptions } from './side.ts'
import { systemPath } from './system-path.ts'

/** HAProxy doing the same work: alg, signature, iss, aud and exp checked where the case is protected; log on. */
export async function startHaproxy(options: SideOptions): Promise<RunningSide> {
  const port = await freePort()
  const config = join(options.folder, `haproxy-${port}.cfg`)
  writeFileSync(config, haproxyConfig(options, port))
  const log = openSync(join(options.folder, `haproxy-${port}.log`), 'a')
  const child = spawn('taskset', ['-c', String(options.cpu), 'haproxy', '-db', '-f', config], {
    stdio: ['ignore', log, log],
    env: { PATH: systemPath },
  })
  await answering(port, 10_000)
  return {
    name: 'haproxy',
    port,
    pid: child.pid ?? 0,
    cacheLookups: () => Promise.resolve(undefined),
    stop: () => ended(child),
  }
}

function haproxyConfig(options: SideOptions, port: number): string {
  const { algorithm } = options.benchCase.kind
  // HAProxy takes the secret itself in place of a key's file.
  const key = algorithm === 'HS256' ? readFileSync(options.keyFile, 'utf8') : options.keyFile
  const checks = `
  http-request set-var(txn.alg) http_auth_bearer,jwt_header_query('$.alg')
  http-request set-var(txn.iss) http_auth_bearer,jwt_payload_query('$.iss')
  http-request set-var(txn.aud) http_auth_bearer,jwt_payload_query('$.aud')
  http-request set-var(txn.exp) http_auth_bearer,jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.alg) -m str ${algorithm} }
  http-request deny deny_status 401 unless { var(txn.iss) -m str ${issuer} }
  http-request deny deny_status 401 unless { var(txn.aud) -m str ${audience} }
  http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }
  http-request deny deny_status 401 unless { http_auth_bearer,jwt_verify(txn.alg,"${key}") -m int 1 }`
  return `global
  nbthread 1
  maxconn 4000
  log stdout format raw local0
  tune.bufsize 32768
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend bench
  bind 127.0.0.1:${port}${options.benchCase.isProtected ? checks : ''}
  default_backend upstream
backend upstream
  server nginx 127.0.0.1:${options.upstreamPort}
`
}
