import { writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { generateKey, type Jwk, signToken } from '@jotgate/signer'
import type { Browser, Page, Response } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fetchIn, openTab, type ScriptAnswer, submitForm, type Tab } from '../support/browser-tab.ts'
import { makeCertificate, type Pair } from '../support/make-certificate.ts'
import { chromiumPath, openBrowser } from '../support/open-browser.ts'
import { type StrictRequest, type StrictUpstream, startStrictUpstream } from '../support/strict-upstream.ts'
import { startWebSocketUpstream, type WebSocketUpstream } from '../support/web-socket-upstream.ts'
import { cleanUp, type GatewayProcess, makeFolder, send, startGateway, until } from './gateway-process.ts'

const iss = 'https://idp.example'
const aud = 'https://orders.test'
/** The APIs' own origin; two pages of the same site, one listed everywhere and one to read only; a page of another site. */
const api = 'https://api.shop.example'
const apiSocket = api.replace('https', 'wss')
const app = 'https://app.shop.example'
const forum = 'https://forum.shop.example'
const elsewhere = 'https://elsewhere.example'

let gateway: GatewayProcess
let upstream: StrictUpstream
let sockets: WebSocketUpstream
let browser: Browser
let privateJwk: Jwk
let token: string
let plainPort: number
let tabs: Tab[] = []
/** Event streams under way at the upstream. */
let streams: Socket[] = []

const html = '<!doctype html><title>A page</title><link rel="icon" href="data:,"><p>here</p>'

function answerOf(status: string, body: string, ...lines: readonly string[]): string {
  return [`HTTP/1.1 ${status}`, `Content-Length: ${body.length}`, ...lines, '', body].join('\r\n')
}

/** One event as a chunk of its own. */
function eventOf(data: string): string {
  const event = `data: ${data}\n\n`
  return `${event.length.toString(16)}\r\n${event}\r\n`
}

/** Serves pages and APIs. An event stream says something only when somebody asks for the next event. */
function serve({ target, method }: StrictRequest, socket: Socket): void {
  const path = target.replace(/\?.*/, '')
  if (path.endsWith('/site')) socket.write(answerOf('200 OK', html, 'Content-Type: text/html'))
  else if (path.startsWith('/login')) {
    const attributes = decodeURIComponent(target.slice('/login?'.length))
    const cookie = `Set-Cookie: session=${token}; Path=/; Secure; HttpOnly${attributes}`
    socket.write(answerOf('200 OK', html, 'Content-Type: text/html', cookie))
  } else if (path.endsWith('/missing')) socket.write(answerOf('404 Not Found', 'no such order'))
  else if (path.endsWith('/events')) {
    streams.push(socket)
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
    socket.write(eventOf('event 0'))
  } else if (path.endsWith('/events/next')) {
    for (const stream of streams) stream.write(eventOf(target.slice(target.indexOf('?') + 1)))
    socket.write(answerOf('200 OK', ''))
  } else socket.write(answerOf('200 OK', method, 'X-Page: 1', 'X-Secret: 2', 'Timing-Allow-Origin: *'))
}

function configOf(certificates: readonly object[], strange: object, publicJwk: Jwk): object {
  const one = (path: string, more: object): object => ({
    listen: { path },
    upstream: { targets: [upstream.url] },
    access: { issuers: ['main'] },
    ...more,
  })
  const cors = { origins: [app], exposeHeaders: ['X-Page'] }
  const cookie = { issuers: ['main'], token: { cookie: 'session', origins: [app] } }
  return {
    version: 1,
    gateway: {
      listeners: [{ tls: { certificates } }, { tls: { certificates: [strange] } }, {}].map((listener) => ({
        address: '127.0.0.1',
        port: 0,
        ...listener,
      })),
      verificationBudget: { perAddress: 1 },
    },
    issuers: {
      main: {
        issuer: iss,
        audiences: [aud],
        clockSkew: { exp: '0s' },
        keys: { jwks: { keys: [{ ...publicJwk, kid: 'k' }] } },
      },
    },
    apis: {
      site: one('/site', { access: 'public' }),
      login: one('/login', { access: 'public' }),
      orders: one('/orders', { cors, methods: ['GET', 'PUT'] }),
      scoped: one('/scoped', { cors, access: { issuers: ['main'], require: { scopes: { all: ['read'] } } } }),
      session: one('/session', { cors: { origins: [app, forum], credentials: true }, access: cookie }),
      socket: one('/socket', { upstream: { targets: [sockets.url] }, websocket: true, access: cookie }),
      ticket: one('/ticket', {
        upstream: { targets: [sockets.url] },
        websocket: true,
        access: { issuers: ['main'], token: { query: 'access_token' } },
      }),
    },
  }
}

async function setUp(): Promise<void> {
  const made = await generateKey('ES256')
  if (made.kind !== 'pair') throw new Error('not a pair')
  privateJwk = { ...made.privateJwk, kid: 'k' }
  token = await sign({})
  upstream = await startStrictUpstream(serve)
  sockets = await startWebSocketUpstream()
  const folder = makeFolder()
  const root = makeCertificate({ name: 'root', ca: true })
  const own = makeCertificate({
    name: 'own',
    names: ['*.shop.example', 'elsewhere.example'],
    issuer: root,
  })
  const strange = makeCertificate({
    name: 'strange',
    names: ['strange.example'],
    issuer: makeCertificate({ name: 'x' }),
  })
  const reference = (pair: Pair): object => {
    writeFileSync(join(folder, `${pair.name}.key`), pair.privateKey, { mode: 0o600 })
    return { certificate: pair.certificate + root.certificate, privateKey: `\${file:${pair.name}.key}` }
  }
  const config = configOf([reference(own)], { ...reference(strange), certificate: strange.certificate }, made.publicJwk)
  gateway = await startGateway({ folder, workers: 1, config })
  const ready = JSON.parse(/^\{.*"event":"ready".*\}$/m.exec(gateway.output())?.[0] ?? '{}')
  const [secure, strangePort, plain] = ready.listeners.map(({ port }: { port: number }) => port)
  plainPort = plain
  browser = await openBrowser({
    names: {
      '*.shop.example': `127.0.0.1:${secure}`,
      'elsewhere.example': `127.0.0.1:${secure}`,
      'strange.example': `127.0.0.1:${strangePort}`,
      'rebound.example': '127.0.0.1',
      'plain.example': `127.0.0.1:${plain}`,
    },
    trusted: root,
    unguarded: new URL(gateway.adminUrl).host,
  })
}

function sign(claims: object): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return signToken({ iss, aud, sub: 'somebody', iat: now, exp: now + 300, ...claims }, privateJwk, {})
}

/** A page of that origin, in a session of its own. */
async function open(origin: string, path = '/site'): Promise<Tab> {
  const tab = await openTab(browser, origin + path)
  tabs.push(tab)
  return tab
}

interface Conversation {
  readonly heard: readonly string[]
  readonly code: number
  readonly clean: boolean
}

/** Opens a WebSocket from the page's script, says all of it, and closes when so many messages came back. */
function converse(
  page: Page,
  url: string,
  messages: readonly string[],
  wanted = messages.length,
): Promise<Conversation> {
  return page.evaluate(
    ([address, said, count]) =>
      new Promise<Conversation>((resolve) => {
        const heard: string[] = []
        const socket = new WebSocket(address)
        socket.onopen = () => {
          for (const message of said) socket.send(message)
        }
        socket.onmessage = ({ data }) => {
          if (heard.push(data) === count) socket.close(1000)
        }
        socket.onclose = ({ code, wasClean }) => resolve({ heard, code, clean: wasClean })
      }),
    [url, messages, wanted] as const,
  )
}

/** What the operator is told of an answer. */
async function reasonOf(answer: ScriptAnswer | Response): Promise<unknown> {
  const headers = 'read' in answer ? (answer.read ? answer.headers : {}) : answer.headers()
  const { body } = await send(`${gateway.adminUrl}/decisions/${headers['jotgate-decision']}`, {
    headers: { Authorization: `Bearer ${gateway.adminToken}` },
  })
  return JSON.parse(body).reason
}

function linesSince(before: number): readonly string[] {
  return upstream.requests.slice(before).map(({ line }) => line.replace(' HTTP/1.1', ''))
}

if (chromiumPath === undefined) process.stderr.write('chromium is not installed: its tests are skipped\n')

describe.skipIf(chromiumPath === undefined)('Chromium', () => {
  beforeAll(setUp)
  afterAll(async () => {
    await browser?.close()
    await cleanUp()
    await upstream?.close()
    sockets?.close()
  })
  beforeEach(() => {
    streams = []
  })
  afterEach(async () => {
    await Promise.all(tabs.map(({ context }) => context.close()))
    tabs = []
    expect(upstream.faults).toEqual([])
  })

  describe('on the TLS listener', () => {
    it('takes the certificate for its issuer, and no other', async () => {
      expect((await open(app)).complaints).toEqual([])
      await expect(open('https://strange.example')).rejects.toThrow('ERR_CERT_AUTHORITY_INVALID')
    })

    it('gets a page and what its script fetches over HTTP/2', async () => {
      const { page, complaints } = await open(api)
      const answer = await fetchIn(page, '/orders/1', { headers: { Authorization: `Bearer ${token}` } })
      expect(answer).toMatchObject({ read: true, status: 200, body: 'GET' })
      const protocols = await page.evaluate(() =>
        [...performance.getEntriesByType('navigation'), ...performance.getEntriesByName(`${location.origin}/orders/1`)]
          .filter((entry) => entry instanceof PerformanceResourceTiming)
          .map((entry) => entry.nextHopProtocol),
      )
      expect([await page.textContent('p'), protocols]).toEqual(['here', ['h2', 'h2']])
      expect(complaints).toEqual([])
    })
  })

  describe('S18 a page of another origin', () => {
    it('that is listed calls with a token over HTTP/2 and reads the answer; the preflight reaches no upstream', async () => {
      const { page, complaints } = await open(app)
      const before = upstream.requests.length
      const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
      const answer = await fetchIn(page, `${api}/orders/1`, { method: 'PUT', headers, body: '{}' })
      expect(answer).toMatchObject({ read: true, status: 200, body: 'PUT' })
      expect(answer.read && Object.keys(answer.headers).sort()).toEqual([
        'content-length',
        'jotgate-decision',
        'x-page',
      ])
      expect(linesSince(before)).toEqual(['PUT /orders/1'])
      const protocol = await page.evaluate(
        (url) =>
          performance
            .getEntriesByName(url)
            .map((entry) => entry.toJSON().nextHopProtocol)
            .at(-1),
        `${api}/orders/1`,
      )
      expect(protocol).toBe('h2')
      expect(complaints).toEqual([])
    })

    it('is told why it is refused', async () => {
      const { page } = await open(app)
      const expired = await sign({ exp: 1 })
      for (const [path, headers, status, code] of [
        ['/orders', {}, 401, 'token_missing'],
        ['/orders', { Authorization: 'Bearer x.y.z' }, 401, 'token_invalid'],
        ['/orders', { Authorization: `Bearer ${expired}` }, 401, 'token_expired'],
        ['/scoped', { Authorization: `Bearer ${token}` }, 403, 'scope_missing'],
        ['/orders?access_token=x', { Authorization: 'Bearer x' }, 400, 'token_ambiguous'],
      ] as const) {
        const answer = await fetchIn(page, api + path, { headers })
        if (!answer.read) throw new Error(`${code}: ${answer.error}`)
        expect([answer.status, JSON.parse(answer.body).code]).toEqual([status, code])
        expect(answer.headers).toMatchObject({
          'content-type': 'application/problem+json',
          'jotgate-decision': expect.stringMatching(/^[0-9a-f]{32}-\d+$/),
          'www-authenticate': expect.stringMatching(/^Bearer /),
        })
      }
    })

    it('is told that it tries too often, and when to come back', async () => {
      const { page } = await open(app)
      const forged = await Promise.all(Array.from({ length: 12 }, (_, index) => sign({ sub: `nobody ${index}` })))
      const answers = await Promise.all(
        forged.map((signed) => {
          const headers = { Authorization: `Bearer ${signed.slice(0, signed.lastIndexOf('.') + 1)}${'A'.repeat(86)}` }
          return fetchIn(page, `${api}/orders`, { headers })
        }),
      )
      const refused = answers.find((answer) => answer.read && answer.status === 429)
      if (refused?.read !== true) throw new Error(`none of ${JSON.stringify(answers)}`)
      expect(JSON.parse(refused.body).code).toBe('verification_budget')
      expect(refused.headers['retry-after']).toBe('1')
      expect(await reasonOf(refused)).toBe('verification_budget')
    })

    it("reads the upstream's 404; that there is no API at all is for nobody else to read", async () => {
      const { page } = await open(app)
      const headers = { Authorization: `Bearer ${token}` }
      expect(await fetchIn(page, `${api}/orders/missing`, { headers })).toMatchObject({
        read: true,
        status: 404,
        body: 'no such order',
      })
      expect(await fetchIn(page, `${api}/nothing`)).toMatchObject({ read: false })
      const own = await open(api)
      const answer = await fetchIn(own.page, '/nothing')
      expect(answer.read && [answer.status, JSON.parse(answer.body).code]).toEqual([404, 'api_unknown'])
    })

    it('that is not listed sends nothing that needs permission, and reads nothing', async () => {
      const { page, complaints } = await open(elsewhere)
      const before = upstream.requests.length
      const headers = { Authorization: `Bearer ${token}` }
      expect(await fetchIn(page, `${api}/orders`, { headers })).toMatchObject({ read: false })
      expect(await fetchIn(page, `${api}/orders`, { method: 'PUT' })).toMatchObject({ read: false })
      expect(linesSince(before)).toEqual([])
      // What needs no permission is sent, as a form could; the answer stays unread.
      expect(await fetchIn(page, `${api}/site`)).toMatchObject({ read: false })
      expect(linesSince(before)).toEqual(['GET /site'])
      expect(await fetchIn(page, `${api}/orders`)).toMatchObject({ read: false })
      expect(complaints.filter((complaint) => complaint.includes('blocked by CORS policy'))).toHaveLength(4)
    })

    it('that is listed goes no further than what is listed: methods, headers, cookies', async () => {
      const { page } = await open(app)
      const before = upstream.requests.length
      const headers = { Authorization: `Bearer ${token}` }
      for (const request of [
        { method: 'DELETE', headers },
        { headers: { ...headers, 'X-Custom': '1' } },
        { headers, credentials: 'include' as const },
      ]) {
        expect(await fetchIn(page, `${api}/orders`, request)).toMatchObject({ read: false })
      }
      expect(linesSince(before)).toEqual([])
    })
  })

  describe('an event stream', () => {
    /** The upstream says the next word only when the script has heard the last: a stream that is held back never ends. */
    const wanted = ['event 0', 'event 1', 'event 2']

    it('arrives event by event at a page of another origin, by its cookie', async () => {
      const { page, complaints } = await open(api, '/login?;SameSite=Lax')
      await page.goto(`${app}/site`)
      const heard = await page.evaluate(
        (base) =>
          new Promise<readonly string[]>((resolve, reject) => {
            const events: string[] = []
            const source = new EventSource(`${base}/events`, { withCredentials: true })
            source.onerror = () => reject(new Error(`broken after ${events.length}`))
            source.onmessage = ({ data }) => {
              if (events.push(data) === 3) {
                source.close()
                resolve(events)
              } else void fetch(`${base}/events/next?event ${events.length}`, { credentials: 'include' })
            }
          }),
        `${api}/session`,
      )
      expect(heard.map(decodeURI)).toEqual(wanted)
      await until(() => streams.length === 1 && streams[0]?.destroyed === true)
      expect(complaints).toEqual([])
    })

    it('arrives piece by piece at a script that sends its token in a header, and ends at the upstream when it leaves', async () => {
      const { page, complaints } = await open(app)
      const heard = await page.evaluate(
        async ([base, headers]) => {
          const leaving = new AbortController()
          const { body } = await fetch(`${base}/events`, { headers, signal: leaving.signal })
          const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
          const events: string[] = []
          while (events.length < 3) {
            const piece = await reader?.read()
            events.push(piece?.value?.slice('data: '.length).trim() ?? 'the end')
            if (events.length < 3) await fetch(`${base}/events/next?event ${events.length}`, { headers })
          }
          leaving.abort()
          return events
        },
        [`${api}/orders`, { Authorization: `Bearer ${token}` }] as const,
      )
      expect(heard.map(decodeURI)).toEqual(wanted)
      await until(() => streams.length === 1 && streams[0]?.destroyed === true)
      expect(complaints).toEqual([])
    })
  })

  describe('S16 a WebSocket', () => {
    it('is opened by the cookie of a page that is listed, carries messages of any size, and is closed in order', async () => {
      const { page, complaints } = await open(api, '/login?;SameSite=Strict')
      await page.goto(`${app}/site`)
      const messages = ['one', 'x'.repeat(100_000), '']
      expect(await converse(page, `${apiSocket}/socket/1`, messages)).toEqual({
        heard: messages,
        code: 1000,
        clean: true,
      })
      expect(sockets.asked.at(-1)?.target).toBe('/socket/1')
      expect(complaints).toEqual([])
    })

    it('is refused to a page that is not, though the browser sends the cookie along', async () => {
      const { page, complaints } = await open(api, '/login?;SameSite=Strict')
      await page.goto(`${forum}/site`)
      const before = sockets.asked.length
      expect(await converse(page, `${apiSocket}/socket/1`, ['one'])).toEqual({ heard: [], code: 1006, clean: false })
      expect(complaints).toEqual([expect.stringContaining('Unexpected response code: 403')])
      expect(sockets.asked.length).toBe(before)
    })

    it('is opened from anywhere by a token in the query, which no upstream sees', async () => {
      const { page, complaints } = await open(elsewhere)
      const spoken = await converse(page, `${apiSocket}/ticket?room=1&access_token=${token}`, ['one'])
      expect(spoken).toEqual({ heard: ['one'], code: 1000, clean: true })
      expect(sockets.asked.at(-1)?.target).toBe('/ticket?room=1')
      expect(complaints).toEqual([])
      expect(await converse(page, `${apiSocket}/ticket?room=1`, ['one'])).toMatchObject({ code: 1006 })
    })

    it('is closed when its token expires, and the script is told that it broke a rule', async () => {
      const { page } = await open(app)
      const short = await sign({ exp: Math.floor(Date.now() / 1000) + 4 })
      // The echo of the first message only: the page waits for a second one that it never asked for.
      expect(await converse(page, `${apiSocket}/ticket?access_token=${short}`, ['one'], 2)).toEqual({
        heard: ['one'],
        code: 1008,
        clean: true,
      })
    })
  })

  describe('S17 a token in a cookie', () => {
    it('is sent by a page of the same site, which may change things where its origin is listed', async () => {
      const { page, complaints } = await open(api, '/login?;SameSite=Strict')
      const own = await submitForm(page, `${api}/session/site`, { a: '1' })
      expect(own.status()).toBe(200)
      await page.goto(`${app}/site`)
      const answer = await fetchIn(page, `${api}/session/1`, { method: 'POST', credentials: 'include' })
      expect(answer).toMatchObject({ read: true, status: 200, body: 'POST' })
      expect(complaints).toEqual([])
    })

    it('SameSite is not enough: a page of the same site that is listed to read changes nothing', async () => {
      const { page } = await open(api, '/login?;SameSite=Strict')
      await page.goto(`${forum}/site`)
      const before = upstream.requests.length
      const answer = await fetchIn(page, `${api}/session/1`, { method: 'POST', credentials: 'include' })
      expect([answer.read && answer.status, await reasonOf(answer)]).toEqual([403, 'origin_not_allowed'])
      expect(linesSince(before)).toEqual([])
      const read = await fetchIn(page, `${api}/session/1`, { credentials: 'include' })
      expect(read).toMatchObject({ read: true, status: 200, body: 'GET' })
    })

    it.each([
      ['SameSite=Lax, which the browser keeps back', ';SameSite=Lax', 401, 'token_missing'],
      ['SameSite=None', ';SameSite=None', 403, 'origin_not_allowed'],
      // Chromium sends a new cookie without the attribute with forms of other sites for two minutes.
      ['no SameSite', '', 403, 'origin_not_allowed'],
    ])('with %s, a form of another site is refused', async (_what, attributes, status, reason) => {
      const { page } = await open(api, `/login?${attributes}`)
      await page.goto(`${elsewhere}/site`)
      const before = upstream.requests.length
      const answer = await submitForm(page, `${api}/session/transfer`, { amount: '1000' })
      expect([answer.status(), await reasonOf(answer)]).toEqual([status, reason])
      expect(linesSince(before)).toEqual([])
    })
  })

  describe('S19 a page and the admin port', () => {
    const bearer = (): Record<string, string> => ({ Authorization: `Bearer ${gateway.adminToken}` })

    it('a page whose name was rebound to it gets nothing, even with the admin token', async () => {
      const { port } = new URL(gateway.adminUrl)
      const rebound = `http://rebound.example:${port}`
      const { page } = await open(app)
      // The page came while the name still led to its own server; from here on it leads to the admin port.
      await page.route(`${rebound}/`, (route) => route.fulfill({ contentType: 'text/html', body: html }))
      await page.goto(`${rebound}/`)
      for (const path of ['/metrics', '/config', '/healthz']) {
        const answer = await fetchIn(page, path, { headers: bearer() })
        expect([path, answer.read && answer.status]).toEqual([path, 421])
      }
      const { page: own } = await open(gateway.adminUrl, '/healthz')
      expect(await fetchIn(own, '/metrics', { headers: bearer() })).toMatchObject({ read: true, status: 200 })
    })

    it.each([
      ['of another site', () => 'http://plain.example'],
      ['of another port of this machine, which the browser calls the same site', () => `http://127.0.0.1:${plainPort}`],
    ])('a form of a page %s is refused before its token is looked at', async (_what, origin) => {
      const { page } = await open(origin())
      const answer = await submitForm(page, `${gateway.adminUrl}/explain`, { '{"a":"': '"}' }, 'text/plain')
      expect([answer.status(), (await answer.json()).code]).toEqual([403, 'origin_unknown'])
    })

    it('a script of another page can send nothing with the token, and read nothing without it', async () => {
      for (const origin of ['http://plain.example', `http://127.0.0.1:${plainPort}`]) {
        const { page } = await open(origin)
        expect(await fetchIn(page, `${gateway.adminUrl}/metrics`, { headers: bearer() })).toMatchObject({ read: false })
        const answered = page.waitForResponse(`${gateway.adminUrl}/healthz`)
        expect(await fetchIn(page, `${gateway.adminUrl}/healthz`, { mode: 'no-cors' })).toMatchObject({ status: 0 })
        expect((await answered).status()).toBe(403)
      }
    })
  })
})
