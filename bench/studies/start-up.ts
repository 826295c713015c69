import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startUpstream } from '../sides/nginx.ts'
import { ended, freePort } from '../sides/side.ts'
import type { Study, StudyContext } from './study.ts'
import { toFigure } from './to-figure.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const main = join(root, 'packages/gateway/bin/jotgate.js')
const starts = 5
const pollMs = 5
const waitMsMax = 20_000
/** The example's own: `examples/own-keys/run.sh`. */
const terms = ['--iss', 'https://tokens.example.com', '--aud', 'orders-api', '--sub', 'alice']

/** From `jotgate start` with the example's configuration to the first answer a caller with a token is let through with. */
export const startUp: Study = {
  name: 'start-up',
  about: 'start to first 200 with the configuration of examples/own-keys, all on one core; every start a first one',
  run: async (context) => {
    const upstream = await startUpstream(context.folder, context.loadCpu)
    try {
      const nodes = [...new Set([context.node, process.execPath])]
      const figures = []
      for (const node of nodes) {
        const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
        const values: number[] = []
        for (let i = 0; i < starts; i++) values.push(await startOnce(context, node, upstream.port))
        const name = node === context.node ? 'start to first 200' : 'start to first 200, the Node of the bench'
        figures.push({ ...toFigure({ name, unit: 's', values }), note: version })
        context.say(`  ${version}: ${values.map((value) => value.toFixed(2)).join(', ')} s`)
      }
      return { figures, failures: [] }
    } finally {
      await upstream.stop()
    }
  },
}

async function startOnce(context: StudyContext, node: string, upstreamPort: number): Promise<number> {
  const folder = mkdtempSync(join(context.folder, 'start-'))
  const config = join(folder, 'jotgate.yaml')
  writeFileSync(
    config,
    readFileSync(join(root, 'examples/own-keys/jotgate.yaml'), 'utf8').replace('9000', String(upstreamPort)),
  )
  const keys = join(folder, 'keys')
  const cli = (...words: string[]): string => execFileSync(node, [main, ...words], { encoding: 'utf8' }).trim()
  cli('keys', 'generate', '--out', keys)
  const token = cli('token', 'sign', '--key', join(keys, 'private.pem'), ...terms)

  const [port, adminPort] = [await freePort(), await freePort()]
  const log = openSync(join(folder, 'log'), 'a')
  const places = ['--address', '127.0.0.1', '--port', String(port), '--admin-port', String(adminPort)]
  const words = ['start', '--config', config, '--data', join(folder, 'data'), '--workers', '1', '--log', 'json']
  const begin = performance.now()
  const child = spawn('taskset', ['-c', String(context.gatewayCpu), node, main, ...words, ...places], {
    stdio: ['ignore', log, log],
  })
  try {
    while ((await statusOf(port, token)) !== 200) {
      if (performance.now() - begin > waitMsMax) throw new Error(`no 200 within ${waitMsMax} ms`)
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
    return (performance.now() - begin) / 1000
  } finally {
    await ended(child)
  }
}

/** Undefined: nobody answered. */
function statusOf(port: number, token: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` }
    get({ host: '127.0.0.1', port, path: '/orders/17', headers, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).once('error', () => resolve(undefined))
  })
}
