import { type ApiConfig, type Config, type ConfigPath, formatConfigPath } from '@jotgate/contract'
import type { pathForm } from '../domain/path-form.ts'
import { toClaimPath } from '../domain/read-claim.ts'
import { compileAllowedHeaders } from './compile-allowed-headers.ts'
import { compileCors } from './compile-cors.ts'
import { compileForward } from './compile-forward.ts'
import { compileGrants } from './compile-grants.ts'
import { compileIdentify } from './compile-identify.ts'
import { pathSegments } from './compile-paths.ts'
import type { CompilePorts } from './compile-ports.ts'
import { compileRequirements } from './compile-requirements.ts'
import { compileRoutes } from './compile-route.ts'
import { compileTokenPlaces } from './compile-token-places.ts'
import { compileUpstream } from './compile-upstream.ts'
import { credentialHeaders } from './credential-headers.ts'
import { defaultMethods } from './default-methods.ts'
import { pathFormsOf } from './path-forms-of.ts'
import type { ApiPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** One API: which requests are for it, who may call it, where they go. */
export function compileApi(
  id: string,
  config: Config,
  api: ApiConfig,
  ports: CompilePorts,
  problems: ProblemList,
): ApiPlan {
  const path = ['apis', id]
  const pathForms = pathFormsOf(api)
  const methods = api.methods ?? defaultMethods
  const access = compileAccess(id, config, api, ports, problems)
  const carriers = credentialHeaders({ access })
  checkMethods(methods, path, problems)
  return {
    id,
    rule: formatConfigPath(path),
    host: listenHost(api, path, problems),
    segments: listenSegments(api, pathForms, path, problems),
    stripPath: api.listen.stripPath,
    pathForms,
    methods,
    access,
    bodyBytesMax: api.bodyBytesMax,
    routes: compileRoutes(api, methods, pathForms, [...path, 'routes'], problems),
    forward: compileForward(api, carriers, [...path, 'forward'], ports, problems),
    allowHeaders: compileAllowedHeaders(
      api.forward.allowHeaders,
      [...path, 'forward', 'allowHeaders'],
      ports,
      problems,
    ),
    forwarded: api.forward.forwarded ?? config.gateway.forwarded,
    cors: api.cors === undefined ? undefined : compileCors(api.cors, methods, carriers, [...path, 'cors'], problems),
    websocket: compileWebSocket(api, methods, [...path, 'websocket'], problems),
    cutAtExpiry: api.cutAtExpiry,
    upstream: compileUpstream(id, config, api.upstream, ports, problems),
  }
}

function compileAccess(
  id: string,
  config: Config,
  api: ApiConfig,
  ports: CompilePorts,
  problems: ProblemList,
): ApiPlan['access'] {
  const { access } = api
  if (access === 'public') return { kind: 'public' }
  const path = ['apis', id, 'access']
  // Where nobody's tokens are taken no header or parameter is a token's: they are the upstream's business.
  const takes = access.issuers.length > 0 || access.identify?.by.includes('jwtKey') === true
  const tokenPlaces = takes ? compileTokenPlaces(access.token, [...path, 'token'], ports, problems) : []
  return {
    kind: 'protected',
    tokenPlaces,
    tokenBytesMax: access.tokenBytesMax,
    issuerIds: access.issuers,
    require: compileRequirements(access.require, [...path, 'require'], problems),
    trustSelfAsserted: access.trustSelfAsserted.map(toClaimPath),
    identify: compileIdentify(id, api, tokenPlaces, ports, problems),
    grants: compileGrants(id, config, access, path, problems),
  }
}

/** RFC 6455 begins with an upgrade of HTTP/1.1; over HTTP/2 (RFC 8441) no WebSocket is offered or asked for. */
function compileWebSocket(
  { websocket, upstream }: ApiConfig,
  methods: readonly string[],
  path: ConfigPath,
  problems: ProblemList,
): ApiPlan['websocket'] {
  if (websocket === false) return undefined
  if (!methods.includes('GET')) {
    problems.error(path, 'websocket_method', 'a handshake is a GET, which `methods` leaves out', 'add GET to `methods`')
  }
  if (upstream.targets.some((target) => target.startsWith('h2'))) {
    const hint = 'give the WebSocket an API of its own, with `http` or `https` targets'
    problems.error(path, 'websocket_target', 'a WebSocket goes to targets of HTTP/1.1 alone', hint)
  }
  return { idleTimeoutMs: websocket.idleTimeout }
}

function listenHost({ listen }: ApiConfig, path: ConfigPath, problems: ProblemList): string | undefined {
  if (
    listen.host !== undefined &&
    !listen.host.split('.').every((label) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label))
  ) {
    problems.error([...path, 'listen', 'host'], 'host_form', 'not a host name', 'as in api.example.com')
  }
  return listen.host
}

function listenSegments(
  { listen }: ApiConfig,
  pathForms: number,
  path: ConfigPath,
  problems: ProblemList,
): readonly string[] {
  const at = [...path, 'listen', 'path']
  for (const form of listen.allow) {
    const message = `paths with ${formWords[form]} are let through: does the upstream read them the same way?`
    problems.warn([...path, 'listen', 'allow'], 'path_form_allowed', message)
  }
  if (listen.path.includes('*')) {
    const hint = 'a prefix takes everything below it; patterns belong into `routes`'
    problems.error(at, 'path_form', '`*` has no meaning in a listen path', hint)
    return []
  }
  return pathSegments(listen.path, pathForms, at, problems) ?? []
}

const formWords: Readonly<Record<keyof typeof pathForm, string>> = {
  encodedSlash: 'an encoded slash',
  emptySegments: 'empty segments',
  parameters: '`;` parameters',
}

function checkMethods(methods: readonly string[], path: ConfigPath, problems: ProblemList): void {
  for (const [index, method] of methods.entries()) {
    if (method !== 'CONNECT' && method !== 'TRACE') continue
    problems.error([...path, 'methods', index], 'method_refused', `${method} is never forwarded`)
  }
}
