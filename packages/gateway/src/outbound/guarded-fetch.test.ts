import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createRawServer, type Server as RawServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { describeFetchFault } from './fetch-fault.ts'
import type { FetchRequest } from './fetch-request.ts'
import { createGuardedFetch, type GuardedFetchPorts, systemResolve } from './guarded-fetch.ts'

function setTimer(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs)
  return () => clearTimeout(timer)
}

const open: (Server | RawServer)[] = []
afterEach(() => {
  for (const server of open.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections()
    server.close()
  }
})

async function listen<T extends Server | RawServer>(server: T): Promise<number> {
  open.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const serve = (listener: RequestListener): Promise<number> => listen(createServer(listener))

function fetchWith(ports: Partial<GuardedFetchPorts>): ReturnType<typeof createGuardedFetch> {
  return createGuardedFetch({ resolve: systemResolve, setTimer, ...ports })
}

function operators(url: string, more: Partial<FetchRequest> = {}): FetchRequest {
  return {
    url,
    timeoutMs: 2000,
    bodyBytesMax: 1024,
    trust: 'operator',
    allowInsecureHttp: true,
    allowPrivate: [],
    ...more,
  }
}

const learnt = (url: string, more: Partial<FetchRequest> = {}): FetchRequest =>
  operators(url, { trust: 'learnt', ...more })

describe('S6: where the guarded fetcher goes', () => {
  it("an operator's URL may name a loopback address, and http when the operator allows it", async () => {
    const port = await serve((_, response) => response.end('hello'))
    const answer = await fetchWith({})(operators(`http://127.0.0.1:${port}/`))
    expect(answer.ok && answer.value.body.toString()).toBe('hello')
    const refused = await fetchWith({})(operators(`http://127.0.0.1:${port}/`, { allowInsecureHttp: false }))
    expect(refused).toEqual({ ok: false, error: { code: 'insecure_refused' } })
  })

  it.each(['169.254.169.254', '169.254.1.1', '[fd00:ec2::254]', '0.0.0.0', '[::]', '[::ffff:169.254.169.254]'])(
    "no URL leads to %s, not even the operator's",
    async (host) => {
      const result = await fetchWith({})(operators(`http://${host}/`, { allowPrivate: ['0.0.0.0/0', '::/0'] }))
      expect(result).toMatchObject({ ok: false, error: { code: 'address_refused' } })
    },
  )

  it.each([
    'http://10.0.0.1/',
    'http://127.0.0.1/',
    'http://100.64.0.1/',
    'http://[::ffff:10.0.0.1]/',
    'http://[fd00::1]/',
  ])('a learnt URL does not lead to an unlisted private address: %s', async (url) => {
    expect(await fetchWith({})(learnt(url))).toMatchObject({ ok: false, error: { code: 'address_refused' } })
  })

  it('a learnt URL reaches a listed network on the usual port, and is refused on an odd one', async () => {
    const request = learnt('http://127.0.0.1:8081/', { allowPrivate: ['127.0.0.0/8'] })
    expect(await fetchWith({})(request)).toEqual({ ok: false, error: { code: 'port_refused', port: 8081 } })
    const usual = await fetchWith({})(learnt('http://127.0.0.1/', { allowPrivate: ['127.0.0.0/8'] }))
    expect(usual).not.toMatchObject({ error: { code: 'address_refused' } })
  })

  it("a learnt URL with the operator's own scheme, host and port counts as the operator's", async () => {
    const port = await serve((_, response) => response.end('hello'))
    const url = `http://127.0.0.1:${port}`
    const answer = await fetchWith({})(learnt(`${url}/jwks`, { sameOriginAs: `${url}/realms/x` }))
    expect(answer.ok).toBe(true)
    const other = await fetchWith({})(learnt(`${url}/jwks`, { sameOriginAs: `https://127.0.0.1:${port}` }))
    expect(other).toMatchObject({ ok: false, error: { code: 'port_refused' } })
  })

  it('a name is resolved once, and what was checked is what is connected to', async () => {
    const port = await serve((request, response) => response.end(request.headers.host))
    const answers = [['127.0.0.1'], ['169.254.169.254']]
    let asked = 0
    const resolve = async (): Promise<readonly string[]> => answers[asked++] ?? []
    const answer = await fetchWith({ resolve })(operators(`http://rebinding.example:${port}/`))
    expect(answer.ok && answer.value.body.toString()).toBe(`rebinding.example:${port}`)
    expect(asked).toBe(1)
  })

  it('refused addresses of a name are never connected to while another is allowed', async () => {
    const port = await serve((_, response) => response.end('hello'))
    const resolve = async (): Promise<readonly string[]> => ['169.254.169.254', 'fe80::1', '127.0.0.1']
    expect((await fetchWith({ resolve })(operators(`http://several.example:${port}/`))).ok).toBe(true)
  })

  it('a public name that resolves to a private address is refused when learnt', async () => {
    const resolve = async (): Promise<readonly string[]> => ['10.0.0.7']
    const result = await fetchWith({ resolve })(learnt('https://keys.example/'))
    expect(result).toEqual({
      ok: false,
      error: { code: 'address_refused', host: 'keys.example', address: '10.0.0.7', addressClass: 'private' },
    })
  })

  it('a resolver that fails, gives nothing, or hangs ends as a fault within the time limit', async () => {
    const request = operators('https://idp.example/', { timeoutMs: 50 })
    const failing = fetchWith({ resolve: () => Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' })) })
    expect(await failing(request)).toMatchObject({ error: { code: 'name_unresolved', detail: 'ENOTFOUND' } })
    expect(await fetchWith({ resolve: async () => [] })(request)).toMatchObject({ error: { code: 'name_unresolved' } })
    expect(await fetchWith({ resolve: () => new Promise(() => {}) })(request)).toMatchObject({
      error: { code: 'timed_out' },
    })
  })
})

describe('S6: what the guarded fetcher sends and takes', () => {
  it('no credentials, cookies or Accept-Encoding are sent, and the connection is closed', async () => {
    const port = await serve((request, response) => response.end(JSON.stringify(request.headers)))
    const answer = await fetchWith({})(operators(`http://127.0.0.1:${port}/`, { headers: { accept: 'text/plain' } }))
    expect(answer.ok && JSON.parse(answer.value.body.toString())).toEqual({
      accept: 'text/plain',
      host: `127.0.0.1:${port}`,
      connection: 'close',
    })
  })

  it('a POST body arrives whole with its length', async () => {
    const port = await serve((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => response.end(`${request.headers['content-length']} ${Buffer.concat(chunks)}`))
    })
    const answer = await fetchWith({})(operators(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'token=x' }))
    expect(answer.ok && answer.value.body.toString()).toBe('7 token=x')
  })

  it('a redirect is a fault and is not followed', async () => {
    const paths: (string | undefined)[] = []
    const port = await serve((request, response) => {
      paths.push(request.url)
      response.writeHead(302, { location: 'https://elsewhere.example/keys?secret=1' }).end()
    })
    const result = await fetchWith({})(operators(`http://127.0.0.1:${port}/`))
    expect(result).toMatchObject({ ok: false, error: { code: 'redirected', status: 302 } })
    expect(paths).toEqual(['/'])
    expect(JSON.stringify(result)).not.toContain('secret')
  })

  it('an encoded answer is refused: its decoded size is nobody’s promise', async () => {
    const port = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1 << 20)))
    })
    const result = await fetchWith({})(operators(`http://127.0.0.1:${port}/`))
    expect(result).toEqual({ ok: false, error: { code: 'encoded', encoding: 'gzip' } })
  })

  it('an announced length over the cap is refused before the body', async () => {
    const port = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1073741824' })
      response.write('x')
    })
    const result = await fetchWith({})(operators(`http://127.0.0.1:${port}/`))
    expect(result).toEqual({ ok: false, error: { code: 'body_too_large', bodyBytesMax: 1024 } })
  })

  it('an endless answer is cut at the cap', async () => {
    let sent = 0
    const port = await serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536
      }
      response.on('drain', more)
      response.on('error', () => {})
      more()
    })
    const result = await fetchWith({})(operators(`http://127.0.0.1:${port}/`))
    expect(result).toMatchObject({ ok: false, error: { code: 'body_too_large' } })
    expect(sent).toBeLessThan(64 << 20)
  })

  it.each<[string, RequestListener]>([
    ['hangs', () => {}],
    [
      'drips a byte now and then',
      (_, response) => {
        const drip = setInterval(() => response.write(' '), 10)
        response.on('close', () => clearInterval(drip))
      },
    ],
  ])('a server that %s is left at the time limit, which counts from the start', async (_, listener) => {
    const port = await serve(listener)
    const result = await fetchWith({})(operators(`http://127.0.0.1:${port}/`, { timeoutMs: 200 }))
    expect(result).toEqual({ ok: false, error: { code: 'timed_out', timeoutMs: 200 } })
  })

  it.each([
    ['closes at once', ''],
    ['does not speak HTTP', 'SSH-2.0-OpenSSH\r\n'],
    ['ends early', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
    ['switches protocols', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'],
    ['sends an endless head', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`],
  ])('a server that %s is a fault, not an answer', async (_, bytes) => {
    const port = await listen(
      createRawServer((socket) => {
        socket.on('error', () => {})
        socket.end(bytes)
      }),
    )
    const result = await fetchWith({})(operators(`http://127.0.0.1:${port}/`))
    expect(result).toMatchObject({ ok: false, error: { code: 'answer_broken' } })
  })

  it('a closed port is named as such', async () => {
    const port = await serve(() => {})
    open.pop()?.close()
    const result = await fetchWith({})(operators(`http://127.0.0.1:${port}/`))
    expect(result).toEqual({ ok: false, error: { code: 'connect_failed', detail: 'ECONNREFUSED' } })
  })
})

describe('S6: TLS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'guarded-fetch-'))
  const [keyFile, certFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      keyFile,
      '-out',
      certFile,
    ].concat(['-days', '2', '-subj', '/CN=idp.example', '-addext', 'subjectAltName=DNS:idp.example']),
    { stdio: 'ignore' },
  )
  const pair = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
  rmSync(directory, { recursive: true })
  const resolve = async (): Promise<readonly string[]> => ['127.0.0.1']

  it('a certificate of a trusted authority for the host is accepted', async () => {
    const port = await listen(createSecureServer(pair, (_, response) => response.end('hello')))
    const answer = await fetchWith({ resolve, ca: pair.cert })(operators(`https://idp.example:${port}/`))
    expect(answer.ok && answer.value.body.toString()).toBe('hello')
  })

  it('an unknown authority is refused, also when the environment turns verification off', async () => {
    const port = await listen(createSecureServer(pair, (_, response) => response.end('hello')))
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    const result = await fetchWith({ resolve })(operators(`https://idp.example:${port}/`))
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    expect(result).toMatchObject({ ok: false, error: { code: 'tls_failed', detail: 'DEPTH_ZERO_SELF_SIGNED_CERT' } })
  })

  it('a certificate for another name is refused', async () => {
    const port = await listen(createSecureServer(pair, (_, response) => response.end('hello')))
    const result = await fetchWith({ resolve, ca: pair.cert })(operators(`https://other.example:${port}/`))
    expect(result).toMatchObject({ error: { code: 'tls_failed', detail: 'ERR_TLS_CERT_ALTNAME_INVALID' } })
  })

  it('TLS 1.1 is refused', async () => {
    const old = { ...pair, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    const port = await listen(createSecureServer(old, (_, response) => response.end('hello')))
    const result = await fetchWith({ resolve, ca: pair.cert })(operators(`https://idp.example:${port}/`))
    expect(result).toMatchObject({ ok: false, error: { code: 'tls_failed' } })
  })
})

describe('S6: proxies of the environment', () => {
  it('HTTP_PROXY is ignored', async () => {
    const seen: (string | undefined)[] = []
    const proxy = await serve((request, response) => {
      seen.push(request.url)
      response.end('proxy')
    })
    const port = await serve((_, response) => response.end('direct'))
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) process.env[name] = `http://127.0.0.1:${proxy}`
    process.env.NODE_USE_ENV_PROXY = '1'
    const answer = await fetchWith({})(operators(`http://127.0.0.1:${port}/`))
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY']) delete process.env[name]
    expect(answer.ok && answer.value.body.toString()).toBe('direct')
    expect(seen).toEqual([])
  })
})

describe('faults in words', () => {
  it('a metadata address is named as such', () => {
    const words = describeFetchFault({
      code: 'address_refused',
      host: 'metadata.google.internal',
      address: '169.254.169.254',
      addressClass: 'metadata',
    })
    expect(words).toBe('leads to 169.254.169.254, a cloud metadata address, which is never fetched from')
  })
})
