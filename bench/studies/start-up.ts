import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startUpstream } from '../sides/nginx.ts'
import { ended } from '../sides/side.ts'
import { jotgateMain } from './jotgate-main.ts'
import { pause } from './pause.ts'
import { spawnJotgate } from './spawn-jotgate.ts'
import type { Figure, Study, StudyContext } from './study.ts'
import { toFigure } from './to-figure.ts'
import { withCleanup } from './with-cleanup.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const starts = 5
const pollMs = 5
/** Of the example's configuration. */
const exampleUpstream = '127.0.0.1:9000'
const waitMsMax = 20_000
/** The example's own: `examples/own-keys/run.sh`. */
const terms = ['--iss', 'https://tokens.example.com', '--aud', 'orders-api', '--sub', 'alice']

/** From `jotgate start` with the example's configuration to the first answer a caller with a token is let through with. */
export const startUp: Study = {
  name: 'start-up',
  about: 'start to first 200 with the configuration of examples/own-keys, all on one core; every start a first one',
  run: (context) =>
    withCleanup(async (atEnd) => {
      const upstream = await startUpstream(context.folder, context.loadCpu)
      atEnd(upstream.stop)
      const nodes = [...new Set([context.node, process.execPath])]
      const figures: Figure[] = []
      for (const node of nodes) {
        const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
        const values: number[] = []
        for (let i = 0; i < starts; i++) values.push(await startOnce(context, node, upstream.port))
        const name = node === context.node ? 'start to first 200' : 'start to first 200, the Node of the bench'
        figures.push({ ...toFigure({ name, unit: 's', values }), note: version })
        context.say(`  ${version}: ${values.map((value) => value.toFixed(2)).join(', ')} s`)
      }
      return { figures, failures: [] }
    }),
}

async function startOnce(context: StudyContext, node: string, upstreamPort: number): Promise<number> {
  const folder = mkdtempSync(join(context.folder, 'start-'))
  const configFile = join(folder, 'jotgate.yaml')
  writeFileSync(configFile, exampleConfig(upstreamPort))
  const keys = join(folder, 'keys')
  const cli = (...words: string[]): string => execFileSync(node, [jotgateMain, ...words], { encoding: 'utf8' }).trim()
  cli('keys', 'generate', '--out', keys)
  const token = cli('token', 'sign', '--key', join(keys, 'private.pem'), ...terms)

  const begin = performance.now()
  const { child, port } = await spawnJotgate({ node, cpu: context.gatewayCpu, workers: 1, folder, configFile })
  try {
    while ((await statusOf(port, token)) !== 200) {
      if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}`)
      if (performance.now() - begin > waitMsMax) throw new Error(`no 200 within ${waitMsMax} ms`)
      await pause(pollMs)
    }
    const tookMs = performance.now() - begin
    // A gateway that lets everything through may be quick.
    const bare = await statusOf(port, undefined)
    if (bare !== 401) throw new Error(`a caller without a token was answered ${bare}`)
    return tookMs / 1000
  } finally {
    await ended(child)
  }
}

function exampleConfig(upstreamPort: number): string {
  const text = readFileSync(join(root, 'examples/own-keys/jotgate.yaml'), 'utf8')
  if (!text.includes(exampleUpstream)) throw new Error(`the example has no upstream at ${exampleUpstream}`)
  return text.replace(exampleUpstream, `127.0.0.1:${upstreamPort}`)
}

/** Undefined: nobody answered. */
function statusOf(port: number, token: string | undefined): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const request = get(
      { host: '127.0.0.1', port, path: '/orders/17', headers, agent: false, timeout: waitMsMax },
      (response) => {
        response.resume()
        resolve(response.statusCode)
      },
    )
    request.once('error', () => resolve(undefined))
    request.once('timeout', () => request.destroy())
  })
}
