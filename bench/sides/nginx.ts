import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answering, ended, freePort } from './side.ts'
import { systemPath } from './system-path.ts'

/** The upstream of both sides: nginx answering a constant, on the load generator's core. */
export async function startUpstream(folder: string, cpu: number): Promise<{ port: number; stop: () => Promise<void> }> {
  const port = await freePort()
  const config = join(folder, 'nginx.conf')
  writeFileSync(
    config,
    `worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx-error.log;
events { worker_connections 4000; }
http {
  access_log off;
  keepalive_timeout 60s;
  keepalive_requests 100000000;
  large_client_header_buffers 8 32k;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server { listen 127.0.0.1:${port} backlog=4096; location / { default_type application/json; return 200 '{"ok":true}'; } }
}
`,
  )
  const child = spawn('taskset', ['-c', String(cpu), 'nginx', '-c', config, '-p', folder], {
    stdio: 'ignore',
    env: { PATH: systemPath },
  })
  await answering(port, 10_000)
  return { port, stop: () => ended(child) }
}
