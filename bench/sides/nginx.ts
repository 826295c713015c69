import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { downloadPath } from '../paths.ts'
import { answering, ended, freePort, type RunningSide, type SideOptions } from './side.ts'
import { systemPath } from './system-path.ts'
import { readCounts, type Upstream } from './upstream.ts'

/** Sizes of the files there are to download. */
const downloadBytes = [16 * 1024, 1024 * 1024]

/** The upstream of both sides: nginx answering a constant, or a file of the size a path asks for. */
export async function startUpstream(folder: string, cpu: number): Promise<Upstream> {
  const files = join(folder, 'files')
  for (const bytes of downloadBytes) {
    mkdirSync(join(files, downloadPath(bytes), '..'), { recursive: true })
    writeFileSync(join(files, downloadPath(bytes)), Buffer.alloc(bytes, 'x'))
  }
  const port = await freePort()
  const child = startNginx(
    folder,
    'upstream',
    cpu,
    `access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=10 inactive=10m;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { default_type application/json; return 200 '{"ok":true}'; }
    location /api/bodies/ { root ${files}; }
    location = /status { stub_status; }
  }`,
  )
  await answering(port, 10_000)
  return { port, counts: () => readCounts(port), stop: () => ended(child) }
}

/** nginx in the place of a gateway: it passes everything through, keeps its connections, and writes a log. */
export async function startNginxSide(options: SideOptions): Promise<RunningSide> {
  const port = await freePort()
  const child = startNginx(
    options.folder,
    `side-${port}`,
    options.cpu,
    `access_log ${options.folder}/nginx-access-${port}.log combined buffer=64k flush=100ms;
  upstream bench { server 127.0.0.1:${options.upstreamPort}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { proxy_pass http://bench; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }`,
  )
  await answering(port, 10_000)
  return {
    name: 'nginx',
    port,
    pid: child.pid ?? 0,
    rotation: undefined,
    cacheLookups: () => Promise.resolve(undefined),
    stop: () => ended(child),
  }
}

function startNginx(folder: string, name: string, cpu: number, http: string) {
  const prefix = join(folder, `nginx-${name}`)
  mkdirSync(prefix, { recursive: true })
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${prefix}/${kind};`)
    .join(' ')
  const config = join(prefix, 'nginx.conf')
  writeFileSync(
    config,
    `user root;
worker_processes 1;
daemon off;
pid ${prefix}/nginx.pid;
error_log ${prefix}/error.log;
events { worker_connections 4000; }
http {
  keepalive_timeout 60s;
  keepalive_requests 100000000;
  large_client_header_buffers 8 32k;
  ${temporary}
  ${http}
}
`,
  )
  return spawn('taskset', ['-c', String(cpu), 'nginx', '-c', config, '-p', prefix], {
    stdio: 'ignore',
    env: { PATH: systemPath },
  })
}
