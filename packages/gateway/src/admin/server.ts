import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { refusePage, refuseStranger } from './guard.ts'
import type { AdminPorts } from './ports.ts'
import { refuse } from './problem.ts'
import { type AdminRoute, adminRoutes } from './routes.ts'

export interface AdminOptions {
  readonly address: string
  /** 0 takes a free port. */
  readonly port: number
  readonly adminToken: string
  /** Read on every request: a reload may change them. */
  readonly settings: () => { readonly hosts: readonly string[]; readonly metricsPublic: boolean }
  /** A bug: answered with 500, told here. */
  readonly onBug: (error: unknown) => void
}

export interface AdminServer {
  readonly port: number
  readonly close: () => void
}

type AdminContext = Context<{ Bindings: HttpBindings }>

const bodyBytesMax = 256 * 1024
const connectionsMax = 256

/** Serves the admin port: the guard of S19 before every route, the token before most. Rejects when it cannot listen. */
export function serveAdmin(ports: AdminPorts, options: AdminOptions): Promise<AdminServer> {
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.use(async (context, next) => {
    const { url = '', rawHeaders, socket } = context.env.incoming
    const refusal = refusePage({ target: url, rawHeaders, localAddress: socket.localAddress }, options.settings().hosts)
    return refusal === undefined ? next() : refuse(refusal)
  })
  app.use(bodyLimit({ maxSize: bodyBytesMax, onError: () => refuse('body_too_large') }))
  for (const route of adminRoutes) {
    app.on(route.method, route.path, (context) => answer(route, context, ports, options))
  }
  app.notFound((context) => {
    const stranger = refuseStranger(context.env.incoming.rawHeaders, options.adminToken)
    return refuse(stranger ?? 'not_found')
  })
  app.onError((error) => {
    options.onBug(error)
    return refuse('internal_error')
  })

  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000, maxHeaderSize: 16 * 1024 },
    getRequestListener(app.fetch, { overrideGlobalObjects: false }),
  )
  server.maxConnections = connectionsMax
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: options.address, port: options.port, exclusive: true }, () => {
      const { port } = server.address() as AddressInfo
      resolve({ port, close: () => void server.close() })
    })
  })
}

async function answer(
  route: AdminRoute,
  context: AdminContext,
  ports: AdminPorts,
  options: AdminOptions,
): Promise<Response> {
  const isOpen = route.access === 'open' || (route.access === 'metrics' && options.settings().metricsPublic)
  const stranger = isOpen ? undefined : refuseStranger(context.env.incoming.rawHeaders, options.adminToken)
  if (stranger !== undefined) return refuse(stranger)

  const body = route.method === 'POST' ? await readBody(context) : undefined
  if (body === 'invalid') return refuse('body_invalid', 'A JSON body of type application/json is wanted.')
  const response = await route.answer(ports, context.req.param('id') ?? '', body?.json)
  response.headers.set('Cache-Control', 'no-store')
  response.headers.set('X-Content-Type-Options', 'nosniff')
  return response
}

/** The JSON of a POST. Only `application/json`, which no form of a web page can send. */
async function readBody(context: AdminContext): Promise<{ readonly json: unknown } | 'invalid'> {
  const text = await context.req.text()
  if (text === '') return { json: undefined }
  if (!/^application\/json\s*(;|$)/i.test(context.req.header('content-type') ?? '')) return 'invalid'
  try {
    return { json: JSON.parse(text) }
  } catch {
    return 'invalid'
  }
}
