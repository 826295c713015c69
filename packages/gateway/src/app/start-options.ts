/** What `jotgate start` was told. Undefined: the configuration file decides. Times in milliseconds. */
export interface StartOptions {
  /** The configuration file; undefined starts the demo. */
  readonly config: string | undefined
  readonly address: string | undefined
  /** 0 takes a free port. */
  readonly port: number | undefined
  readonly adminAddress: string | undefined
  readonly adminPort: number | undefined
  readonly workers: number
  readonly dataDir: string
  readonly logFormat: 'pretty' | 'json'
  /** How long requests in flight may take to end once draining has begun. */
  readonly drainMs: number
  /** How long the gateway still accepts after `/readyz` said it will end. */
  readonly graceMs: number
  /** Variables beside `JOTGATE_*` that `${env:…}` may name. */
  readonly allowEnv: readonly string[]
  /** A folder beside the configuration's own that `${file:…}` may name files in. */
  readonly secretsDir: string | undefined
  readonly http1: Http1Reader
}

/** Who reads the HTTP/1 of callers: a parser of our own, or that of `node:http`. */
export type Http1Reader = 'own' | 'node'

/** Where a listener is, and whether it speaks TLS: settled at the start. */
export interface ListenerPlace {
  readonly address: string
  readonly port: number
  readonly tls: boolean
}

/** What the supervisor tells a control process; given as JSON on its command line, so nothing secret is in it. */
export interface ControlOptions extends StartOptions {
  readonly runDir: string
  readonly controlSocket: string
  /** The first control process of this start: a configuration that cannot be used ends it. */
  readonly first: boolean
  /** Where the workers listen, as the first control process was configured; undefined for that one itself. */
  readonly listeners: readonly ListenerPlace[] | undefined
  /** The last generation that workers were switched to; new ones are numbered above it. */
  readonly generation: number
}

/** What the supervisor tells a worker; given as JSON on its command line. */
export interface WorkerOptions {
  /** Number of the worker's slot, from 0; part of every decision id. */
  readonly worker: number
  /** Of the node: budgets are shared out among them. */
  readonly workers: number
  readonly controlSocket: string
  readonly listeners: readonly ListenerPlace[]
  readonly logFormat: 'pretty' | 'json'
  /** The worker listens by itself; otherwise the supervisor hands connections out. */
  readonly reusePort: boolean
  readonly http1: Http1Reader
}
