import { z } from 'zod'
import { access, requirements } from './config-access.ts'
import { claimPath, day, forwardedForm, headerName, hour, method, minute, pathPattern } from './config-fields.ts'
import { durationBetween, referable, secretReference, sizeBetween } from './scalars.ts'

const forwardedClaim = z.union([
  claimPath,
  z.strictObject({
    claim: claimPath,
    unprintable: z.enum(['encode', 'refuse']).default('encode').meta({
      description: 'A value outside printable ASCII is sent percent-encoded as UTF-8, or the request is refused.',
    }),
  }),
])

const forwardedFact = z
  .string()
  .regex(/^(id|name|owner|metadata\.[A-Za-z0-9_.-]{1,64})$/, 'id, name, owner or metadata.NAME')
  .meta({ description: 'What the registration says.' })

const route = z.strictObject({
  path: pathPattern,
  methods: z.array(method).min(1).max(16).optional().meta({ description: 'Only these methods; default all.' }),
  access: z.literal('public').optional().meta({ description: 'Open this route; needs `override: true`.' }),
  require: requirements
    .optional()
    .meta({ description: "What a token must satisfy here, beside what the API asks. Keys as in the API's `require`." }),
  override: z.boolean().default(false).meta({
    description: "Loosening: this route's `require` or `access` replaces what is inherited instead of adding to it.",
  }),
})

const target = z
  .string()
  .regex(
    /^((https?|h2c?):\/\/[^\s/?#@]+\/?|unix:\/[^\s]{1,100})$/,
    'scheme, host and port only, http://127.0.0.1:9000, or a Unix socket, unix:/run/app.sock',
  )

const upstreamHealth = z.strictObject({
  failures: z.int().min(1).max(1000).default(3).meta({
    description:
      'Answers in a row that were broken off, no HTTP, or too late before a target is passed over. A connect that fails counts for all of them.',
  }),
  ejectFor: durationBetween(100, hour, '100ms to 1h')
    .prefault('500ms')
    .meta({ description: 'For how long; doubles each time it fails again right after.' }),
  ejectMax: durationBetween(100, day, '100ms to 1d').prefault('30s').meta({ description: 'Longest such time.' }),
})

const upstreamTls = z.strictObject({
  ca: referable(
    "PEM of who may have issued the upstream's certificate. Takes the place of the usual roots: an upstream with an issuer of its own is trusted by that one alone. To trust both, put both into one file.",
  ).optional(),
  serverName: z
    .string()
    .regex(
      /^(?=.{1,253}$)(?![0-9.]+$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/,
      'a host name, no address',
    )
    .optional()
    .meta({ description: "Name asked for and looked for in the certificate. Default: the target's own host." }),
  clientCertificate: z
    .strictObject({
      certificate: referable('PEM of the certificate shown to the upstream, the own one first, then its issuers.'),
      privateKey: secretReference('Its private key as PEM, without a passphrase.'),
    })
    .optional()
    .meta({ description: 'What the gateway shows to an upstream that asks who calls.' }),
  minVersion: z.enum(['1.2', '1.3']).default('1.2').meta({ description: 'Oldest version of TLS spoken.' }),
})

const upstream = z.strictObject({
  targets: z
    .array(target)
    .min(1)
    .max(64)
    .meta({ description: 'Where requests go: `http`, `https`, HTTP/2 as `h2` (TLS) or `h2c` (plain), or `unix`.' }),
  host: z
    .enum(['target', 'caller'])
    .default('target')
    .meta({ description: 'Whose authority the Host header carries.' }),
  connectTimeout: durationBetween(10, 5 * minute, '10ms to 5m')
    .prefault('5s')
    .meta({ description: 'Longest wait for a connection.' }),
  responseTimeout: durationBetween(10, hour, '10ms to 1h').prefault('30s').meta({
    description: 'Longest wait for the head of the answer, and for each next piece of its body.',
  }),
  streamIdleTimeout: durationBetween(100, day, '100ms to 1d').prefault('5m').meta({
    description: 'Longest silence of an event stream (`text/event-stream`), whose next piece is owed to nobody.',
  }),
  idleTimeout: durationBetween(100, 10 * minute, '100ms to 10m')
    .prefault('4s')
    .meta({ description: "How long an unused connection is kept; below the upstream's own limit." }),
  connectionsMax: z.int().min(1).max(100_000).default(1024).meta({
    description: 'Connections per target and worker; beyond it requests wait up to connectTimeout.',
  }),
  requestsMax: z.int().min(1).max(100_000).default(1024).meta({
    description:
      'Requests in flight per target and worker: what bounds an HTTP/2 target, whose connections carry many; beyond it requests wait up to connectTimeout.',
  }),
  waitingMax: z.int().min(0).max(100_000).default(1024).meta({
    description: 'Requests that wait for one target in one worker; beyond it they are refused at once.',
  }),
  balance: z.enum(['leastConnections', 'roundRobin']).default('leastConnections').meta({
    description:
      'Which target takes a request: the one with the fewest in flight from this worker, in turn among equals; or simply the next in turn.',
  }),
  health: upstreamHealth.prefault({}).meta({
    description: 'When a target that fails is passed over. The last one never is.',
  }),
  tls: upstreamTls.optional().meta({
    description:
      'How `https` and `h2` targets are verified and what they are shown. Default: the usual roots, the host name.',
  }),
})

const cors = z.strictObject({
  origins: z
    .array(
      z
        .string()
        .max(253)
        .regex(/^(\*|[a-z][a-z0-9+.-]{0,31}:\/\/[^\s/?#@*]+)$/, 'an exact origin, https://app.example.com, or * alone'),
    )
    .min(1)
    .max(256)
    .meta({
      description:
        'Origins whose pages may call this API and read its answers, compared character by character; `*` alone is any. `null` never is.',
    }),
  methods: z.array(method).min(1).max(16).optional().meta({
    description: "Methods such a page may use; default all of the API's `methods`.",
  }),
  headers: z.array(headerName).max(100).optional().meta({
    description:
      'Request headers such a page may set; `*` alone is any. Default `content-type` and the headers that carry the token.',
  }),
  exposeHeaders: z.array(headerName).max(100).default([]).meta({
    description:
      'Headers of answers such a page may read, beside `WWW-Authenticate`, `Retry-After` and `jotgate-decision`.',
  }),
  credentials: z.boolean().default(false).meta({
    description: 'Let the browser send its cookies and read the answer. A token a script sends itself needs none.',
  }),
  maxAge: durationBetween(0, day, '0s to 1d')
    .prefault('10m')
    .meta({ description: 'How long a browser may keep the answer to a preflight.' }),
})

const listen = z.strictObject({
  host: z
    .string()
    .regex(/^[a-z0-9.-]{1,253}$/, 'a host name in lower case, without a port')
    .optional()
    .meta({ description: 'Only requests for this host (lower case, no port). Default: any host.' }),
  path: z
    .string()
    .regex(/^\/[^\s?#]*$/, 'a path that starts with / and has no query: /orders')
    .max(1024)
    .default('/')
    .meta({
      description: 'Path prefix by whole segments: `/orders` takes `/orders` and `/orders/x`, never `/ordersx`.',
    }),
  stripPath: z.boolean().default(false).meta({ description: 'Cut the prefix off before forwarding.' }),
  allow: z
    .array(z.enum(['encodedSlash', 'emptySegments', 'parameters']))
    .max(3)
    .default([])
    .meta({
      description: 'Loosening: path forms refused by default that this upstream is known to read the same way.',
    }),
})

/** One protected (or public) API: where it listens, who may call it, where its requests go. */
export const api = z.strictObject({
  listen: listen.prefault({}).meta({ description: 'Which requests are for this API.' }),
  methods: z.array(method).min(1).max(16).optional().meta({
    description: 'Methods let through; default GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS.',
  }),
  type: z.enum(['rest']).default('rest').meta({ description: 'Kind of API.' }),
  bodyBytesMax: sizeBetween(0, 1_099_511_627_776, '0B to 1024GiB').optional().meta({
    description: 'Largest request body, as 10MiB; a larger one is 413. Default: any size, for bodies are never kept.',
  }),
  upstream: upstream.meta({ description: 'The server behind the gateway.' }),
  access: access.meta({ description: 'Who may call. `public` is the only way to leave an API open.' }),
  forward: z
    .strictObject({
      token: z.enum(['keep', 'drop']).default('keep').meta({
        description: "Whether the caller's token reaches the upstream. A query token is always cut from the target.",
      }),
      allowHeaders: z.array(headerName).max(32).default([]).meta({
        description:
          'Loosening: headers dropped by default that ask the upstream to see another method, path, host or caller than the gateway judged, such as X-HTTP-Method-Override; let through by name.',
      }),
      forwarded: forwardedForm.optional().meta({
        description: 'How this upstream is told where a request came from; default `gateway.forwarded`.',
      }),
      claims: z.record(headerName, forwardedClaim).default({}).meta({
        description: "Headers filled from claims. A caller's own header of that name is always removed first.",
      }),
      application: z.record(headerName, forwardedFact).default({}).meta({
        description:
          'Headers filled from the application that was found: `id`, `name`, `owner` or `metadata.NAME`. Removed first like those from claims.',
      }),
    })
    .prefault({})
    .meta({ description: 'What the upstream receives beside the request.' }),
  cors: cors.optional().meta({
    description:
      "Pages of other sites that may call this API (CORS). Replaces the upstream's own `Access-Control-` headers; without it they pass.",
  }),
  websocket: z
    .union([
      z.boolean(),
      z.strictObject({
        idleTimeout: durationBetween(100, day, '100ms to 1d')
          .prefault('5m')
          .meta({ description: 'Without a byte either way for so long, a WebSocket is closed.' }),
      }),
    ])
    .default(false)
    .transform((given) => (given === true ? { idleTimeout: 5 * minute } : given))
    .meta({
      description:
        'Whether requests may become WebSockets (RFC 6455). Off by default: what goes through one, the gateway cannot judge.',
    }),
  cutAtExpiry: z.boolean().default(false).meta({
    description:
      'End an answer that is still under way when its token expires. WebSockets and event streams always are.',
  }),
  routes: z.array(route).max(1000).default([]).meta({
    description: 'Tighter rules for parts of the API. Requirements of every matching route add up.',
  }),
})

export type ApiConfig = z.output<typeof api>
export type RouteConfig = z.output<typeof route>
export type CorsConfig = z.output<typeof cors>
export type UpstreamConfig = z.output<typeof upstream>
