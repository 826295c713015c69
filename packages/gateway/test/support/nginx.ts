import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePorts } from './free-ports.ts'

/** An nginx of Debian's that says how it reads each request. */
export interface Nginx {
  readonly port: number
  readonly process: ChildProcess
  readonly close: () => Promise<void>
}

export const nginxFile: string | undefined = ['/usr/sbin/nginx', '/usr/bin/nginx'].find((file) => existsSync(file))

/** Starts it in a folder of its own; each answer is the `return` of the first location that takes the request. */
export async function startNginx(folder: string, locations: readonly string[]): Promise<Nginx> {
  if (nginxFile === undefined) throw new Error('no nginx: scripts/install-test-tools.sh installs it')
  const [port = 0] = await freePorts(1)
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const configFile = join(folder, 'nginx.conf')
  writeFileSync(
    configFile,
    `daemon off; master_process off; pid ${join(folder, 'nginx.pid')}; error_log ${join(folder, 'error.log')};
events { worker_connections 1024; }
http {
  access_log off; default_type text/plain; keepalive_requests 10000000; large_client_header_buffers 4 64k;
  ${places.map((place) => `${place}_temp_path ${join(folder, place)};`).join(' ')}
  server { listen 127.0.0.1:${port}; ${locations.join(' ')} }
}`,
  )
  const child = spawn(nginxFile, ['-p', folder, '-e', join(folder, 'start.log'), '-c', configFile], {
    stdio: 'inherit',
  })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const deadlineMs = Date.now() + 10_000
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > deadlineMs) throw new Error('nginx did not start')
  }
  return {
    port,
    process: child,
    close: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (isThere: boolean): void => {
      socket.destroy()
      setTimeout(resolve, isThere ? 0 : 25, isThere)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}
