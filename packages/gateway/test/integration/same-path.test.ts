import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parse } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { normalisePath } from '../../src/compile/normalise-path.ts'
import { pathForm } from '../../src/domain/path-form.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import { randomTarget } from '../support/random-target.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { openWire, type Wire, type WireAnswer } from '../support/wire-caller.ts'
import { cleanUp, type GatewayProcess, makeFolder, startGateway } from './gateway-process.ts'

const isLong = process.env.JOTGATE_LONG !== undefined
const paths = isLong ? 100_000 : 10_000
/** `JOTGATE_SEED=…` asks for the paths of a failed run again. */
const seed = Number(process.env.JOTGATE_SEED ?? (isLong ? Date.now() % 2 ** 31 : 20_261))
const lanes = 4
const batchSize = 20

/** Least share of all paths that end so: of each kind enough to have had a chance to go wrong. */
const shareMin = {
  'the same': 0.5,
  api_unknown: 0.02,
  token_missing: 0.02,
  form: 0.01,
  dot_segment: 0.01,
  backslash: 0.005,
  control_byte: 0.01,
  invalid_percent: 0.01,
  fragment: 0.005,
  unreadable: 0.002,
  ambiguous: 0,
}

let nginx: Nginx
let gateway: GatewayProcess
const node = createServer((request, response) => {
  const { url = '' } = request
  const modern = new URL(url, 'http://node.test').pathname
  const old = parse(url).pathname ?? ''
  response.end([url, modern, old].join('\n'), 'latin1')
})

beforeAll(async () => {
  await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve))
  const nodePort = (node.address() as AddressInfo).port
  // The location is nginx's own word for which resource is meant.
  nginx = await startNginx(makeFolder(), [
    'location ~ ^/[a-z]+/admin(?:/|$) { return 200 "$request_uri\\n$uri\\nadmin"; }',
    'location /strict/ { return 200 "$request_uri\\n$uri\\nstrict"; }',
    'location = /strict { return 200 "$request_uri\\n$uri\\nstrict"; }',
    'location / { return 200 "$request_uri\\n$uri\\nother"; }',
  ])
  const jwk = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
  const apis = (name: string, port: number, path: string, allow: readonly string[]): object => {
    const common = { upstream: { targets: [`http://127.0.0.1:${port}`] } }
    const listen = { host: `${name}.test`, allow }
    return {
      [`${name}-${path}`]: { ...common, listen: { ...listen, path: `/${path}` }, access: 'public' },
      [`${name}-${path}-admin`]: {
        ...common,
        listen: { ...listen, path: `/${path}/admin` },
        access: { issuers: ['main'] },
      },
    }
  }
  // nginx splits at `%2F`, Node does not: neither may be led to another API by it.
  const all = ['encodedSlash', 'emptySegments', 'parameters']
  gateway = await startGateway({
    workers: 2,
    config: {
      version: 1,
      issuers: { main: { issuer: 'https://id.test', audiences: ['a'], keys: { jwks: { keys: [jwk] } } } },
      apis: {
        ...apis('nginx', nginx.port, 'strict', []),
        ...apis('nginx', nginx.port, 'loose', all),
        ...apis('node', nodePort, 'strict', []),
        ...apis('node', nodePort, 'loose', all),
      },
    },
  })
})
afterAll(async () => {
  await cleanUp()
  node.close()
  node.closeAllConnections()
  await nginx.close()
})

type Expected =
  | { readonly status: 200; readonly target: string; readonly path: string; readonly isStrict: boolean }
  | { readonly status: 400 | 401 | 404; readonly why: string; readonly closes: boolean }

const decoded = (text: string): string =>
  text.replaceAll(/%([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
const segments = (path: string): readonly string[] => path.split('/').map(decoded)

/** How a server reads a path that decodes all but `%2F` at once, takes parameters away and merges slashes. */
function loosestReading(path: string): string {
  return decoded(path.replaceAll('%2F', '%252F'))
    .replaceAll(/;[^/]*/g, '')
    .replaceAll(/[\\/]+/g, '/')
}

/** Which API a path means: its first segment, and whether it is for administrators. */
function areaOf(path: string): string {
  const [, api, route] = path.split('/')
  return route === 'admin' ? `${api} admin` : `${api}`
}

function refusedForms(api: string): number {
  const { encodedSlash, emptySegments, parameters } = pathForm
  return api === 'strict' ? encodedSlash | emptySegments | parameters : 0
}

/** What is authorised, by the normaliser and by the configuration above. */
function expectedOf(target: string): Expected {
  const refused = (status: 400 | 401 | 404, why: string): Expected => ({ status, why, closes: false })
  if (/[^!-~]/.test(target)) return { status: 400, why: 'unreadable', closes: true }
  const normal = normalisePath(target)
  if (!normal.ok) return refused(400, normal.error)
  const { path, query, forms } = normal.value
  const [, api, route] = path.split('/')
  if (api !== 'strict' && api !== 'loose') return refused(404, 'api_unknown')
  if (forms & refusedForms(api)) return refused(400, 'form')
  const readings = [loosestReading(path), loosestReading(path.replaceAll('%2F', '/'))]
  if (readings.some((reading) => areaOf(reading) !== areaOf(path))) return refused(400, 'ambiguous')
  if (route === 'admin') return refused(401, 'token_missing')
  return { status: 200, target: path + query, path, isStrict: api === 'strict' }
}

/** What breaks the parser ends its connection; what only the gateway refuses is asked to. */
function requestFor(target: string, host: string, isLast: boolean): string {
  return `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${isLast ? 'Connection: close\r\n' : ''}\r\n`
}

/** Where what an upstream read is not what was authorised. */
function disagreement(
  upstream: string,
  expected: Extract<Expected, { status: 200 }>,
  body: string,
): string | undefined {
  const { target, path, isStrict } = expected
  const [received, first = '', second = ''] = body.split('\n')
  if (received !== target) return `received ${received}`
  if (/\/\.{1,2}(?:\/|$)/.test(loosestReading(path))) return 'climbs for servers that decode'
  if (upstream === 'nginx.test') {
    if (isStrict && first !== decoded(path)) return `nginx reads ${first}`
    if (isStrict && second !== 'strict') return `nginx means ${second}`
    return second === 'admin' ? 'nginx means admin' : undefined
  }
  const readings = isStrict ? [first, second] : [first]
  const other = readings.find((reading) => segments(reading).join('\n') !== segments(path).join('\n'))
  return other === undefined ? undefined : `Node reads ${other}`
}

describe('the same path everywhere', () => {
  it(`${paths} paths are what was authorised to nginx and to Node (seed ${seed})`, {
    timeout: isLong ? 900_000 : 120_000,
  }, async () => {
    const random = seededRandom(seed)
    const targets = Array.from({ length: paths }, () => randomTarget(random))
    const disagreements: string[] = []
    const counts = new Map<string, number>()
    let next = 0

    function hold(upstream: string, target: string, expected: Expected, answer: WireAnswer): void {
      const what = expected.status === 200 ? 'the same' : expected.why
      counts.set(what, (counts.get(what) ?? 0) + 1)
      const fault =
        answer.status !== expected.status
          ? `${answer.status}, not ${expected.status}: ${answer.body.slice(0, 100)}`
          : expected.status === 200
            ? disagreement(upstream, expected, answer.body)
            : undefined
      if (fault !== undefined) disagreements.push(`${upstream} ${JSON.stringify(target)}: ${fault}`)
    }

    /** Asks for targets at once until one ends the connection; how many were answered. */
    async function ask(wire: Wire, upstream: string, batch: readonly string[]): Promise<number> {
      const expectations = batch.map((target) => expectedOf(target))
      const last = expectations.findIndex((expected) => expected.status === 400 && expected.closes)
      const count = last === -1 ? batch.length : last + 1
      const sent = batch.slice(0, count)
      wire.write(sent.map((target, at) => requestFor(target, upstream, at === last)).join(''))
      for (const [at, target] of sent.entries()) {
        const expected = expectations[at]
        if (expected !== undefined) hold(upstream, target, expected, await wire.answer())
      }
      if (last !== -1) await wire.closed
      return count
    }

    async function lane(): Promise<void> {
      const wires = new Map<string, Wire>()
      while (next < targets.length) {
        const batch = targets.slice(next, next + batchSize)
        next += batch.length
        for (const upstream of ['nginx.test', 'node.test']) {
          for (let at = 0; at < batch.length; ) {
            const wire = wires.get(upstream) ?? (await openWire(gateway.port))
            wires.set(upstream, wire)
            at += await ask(wire, upstream, batch.slice(at))
            if (wire.socket.readableEnded || wire.socket.destroyed) wires.delete(upstream)
          }
        }
      }
      for (const wire of wires.values()) wire.destroy()
    }

    await Promise.all(Array.from({ length: lanes }, lane))
    expect(disagreements.slice(0, 20)).toEqual([])
    for (const [what, share] of Object.entries(shareMin)) {
      expect(counts.get(what) ?? 0, `${what}, of ${JSON.stringify([...counts])}`).toBeGreaterThan(2 * paths * share)
    }
  })
})
