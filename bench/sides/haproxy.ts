import { spawn } from 'node:child_process'
import { openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { certificate } from '../certificate.ts'
import { audience, issuer } from '../tokens.ts'
import { answering, ended, freePort, idleSeconds, type RunningSide, type SideOptions } from './side.ts'
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
  await answering(port, 10_000, options.benchCase.transport)
  return {
    name: 'haproxy',
    port,
    pid: child.pid ?? 0,
    rotation: undefined,
    cacheLookups: () => Promise.resolve(undefined),
    stop: () => ended(child),
  }
}

function haproxyConfig(options: SideOptions, port: number): string {
  const { kind, idleConnections, transport } = options.benchCase
  const { algorithm } = kind
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
  // It wants two files for each connection there may be, though an idle one needs one; without the limit it takes what it gets.
  // From a quarter of its files on it would close the upstream's connections after each request.
  const limits =
    idleConnections > 0 ? '\n  no strict-limits\n  tune.pool-high-fd-ratio 95\n  tune.pool-low-fd-ratio 90' : ''
  // Sessions are left to be resumed, as Jotgate leaves them.
  const tls = transport === 'http' ? '' : ` ssl crt ${certificate().bothFile} ssl-min-ver TLSv1.3 alpn h2,http/1.1`
  return `global
  nbthread 1
  maxconn ${4000 + idleConnections}${limits}
  log stdout format raw local0
  tune.bufsize 32768
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client ${idleConnections > 0 ? idleSeconds : 60}s
  timeout server 60s
  http-reuse always
frontend bench
  bind 127.0.0.1:${port}${tls}${options.benchCase.isProtected ? checks : ''}
  default_backend upstream
backend upstream
  server nginx 127.0.0.1:${options.upstreamPort}
`
}
