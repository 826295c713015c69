import type { ControlLink } from '../../src/app/channel/reach-control.ts'
import { formatProblems } from '../../src/app/config/format-problems.ts'
import { type LoadedConfig, loadConfig } from '../../src/app/config/load-config.ts'
import { createTrustHost } from '../../src/app/control/trust-host.ts'
import { createTraffic, type Traffic } from '../../src/app/worker/traffic.ts'
import { createWorkerKeys, type WorkerKeys } from '../../src/app/worker/worker-keys.ts'
import { assemble } from '../../src/compile/assemble.ts'
import type { Snapshot } from '../../src/compile/snapshot.ts'
import type { Decision } from '../../src/domain/decision.ts'
import type { DescribedRequest } from '../../src/domain/described-request.ts'
import { err, ok, type Result } from '../../src/domain/result.ts'
import type { GuardedFetch } from '../../src/outbound/fetch-request.ts'
import type { ExchangeHandler } from '../../src/proxy/listener/exchange-handler.ts'
import { listen } from '../../src/proxy/listener/listener.ts'
import type { CounterSnapshot } from '../../src/telemetry/counters.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { plainListener } from '../fixtures/limits.ts'

/** A whole gateway of one worker in the test's own process: every part is the product's, only the channel is missing. */
export interface InProcessGateway {
  readonly port: number
  /** Brings a document into force; an error lists its problems and changes nothing. */
  readonly load: (document: object) => Promise<Result<LoadedConfig, string>>
  readonly refresh: (issuerId: string) => Promise<boolean>
  readonly distrust: (issuerId: string, kid: string) => boolean
  readonly decision: (id: string) => Decision | undefined
  readonly explain: (request: DescribedRequest) => Promise<Decision | undefined>
  readonly counters: () => CounterSnapshot
  /** Issuers whose keys control would now be told were used (S7). */
  readonly used: () => readonly string[]
  /** The last access line. */
  readonly lastLine: () => string
  /** Ends everything but the listener and begins again: with the data directory and the document in force. */
  readonly restart: () => void
  /** The same with another data directory, and without a document. */
  readonly begin: (dataDir: string) => void
  readonly close: () => Promise<void>
}

/** What it hashes API keys with. */
export const inProcessApiKeyKey: Buffer = Buffer.alloc(32, 1)

export interface InProcessSettings {
  /** Answers for every URL the gateway fetches. */
  readonly fetch: GuardedFetch
  /** What `${env:…}` references find. */
  readonly environment: Readonly<Record<string, string>>
}

interface Interval {
  readonly timer: NodeJS.Timeout
  readonly run: () => void
}

interface Running {
  readonly dataDir: string
  readonly traffic: Traffic
  readonly keys: WorkerKeys
  readonly trust: ReturnType<typeof createTrustHost>
  readonly intervals: readonly Interval[]
  readonly used: string[]
  readonly lines: string[]
}

/** Starts it without a configuration. Time is `Date.now`, which a test may set. */
export async function startInProcess(settings: InProcessSettings, dataDir: string): Promise<InProcessGateway> {
  let generation = 0
  let snapshot: Snapshot | undefined
  let inForce: LoadedConfig | undefined
  let running = run(dataDir)
  const handler: ExchangeHandler = {
    handle: (exchange) => running.traffic.gateway.handle(exchange),
    refuse: (exchange, reject) => running.traffic.gateway.refuse(exchange, reject),
    refuseRaw: (fault, peer) => running.traffic.gateway.refuseRaw(fault, peer),
  }
  // One for all of its lives: what node:http keeps of a server that was closed would keep the rest of it alive.
  const place = { address: '127.0.0.1', port: 0, listener: 0, tls: undefined, ...plainListener }
  const listener = await listen(handler, { ...place, reusePort: false, exclusive: true })

  function run(dataDir: string): Running {
    snapshot = undefined
    const lines: string[] = []
    const intervals: Interval[] = []
    const used: string[] = []
    const log = createLog({
      format: 'json',
      write: () => undefined,
      nowMs: Date.now,
      process: 'test',
      colour: false,
    })
    const control: ControlLink = {
      // The two questions a worker asks; the answer's type hangs on the name in a way generics cannot follow here.
      call: (async (name: string, { issuerId, token }: { issuerId: string; token: string }) => {
        return ok(name === 'introspect' ? await trust.introspect(issuerId, token) : await trust.refetch(issuerId))
      }) as ControlLink['call'],
      noteUsed: (issuerIds) => used.push(...issuerIds) > 0,
    }
    const { keys, traffic } = collectIntervals(intervals, () => {
      const made = createWorkerKeys(() => control)
      const writer = {
        write: (line: string) => lines.push(line) > 0,
        dropped: () => 0,
        waiting: () => 0,
        close: async () => undefined,
      }
      const opened = {
        log,
        writer,
        bug: (error: unknown) => {
          throw error
        },
      }
      const options = {
        worker: 0,
        workers: 1,
        controlSocket: '',
        listeners: [],
        logFormat: 'json' as const,
        reusePort: false,
        http1: 'own' as const,
      }
      const tlsCounts = { handshakes: 0, resumed: 0, failed: 0, plain: 0, certificatesRefused: 0 }
      const parts = {
        ...{
          options,
          opened,
          control,
          keys: made,
          subjectKey: Buffer.alloc(32),
          apiKeyKey: inProcessApiKeyKey,
          snapshot: () => snapshot,
        },
        ...{ tlsCounts, refusedConnections: { connections: 0, connectionsPerAddress: 0 }, pseudonym: 'model' },
      }
      return { keys: made, traffic: createTraffic(parts) }
    })
    const trust = createTrustHost({ fetch: settings.fetch, dataDir, log, onKeySet: keys.sets.put })
    return { dataDir, traffic, keys, trust, intervals, used, lines }
  }

  /** As control and worker do it between them: ready, sources, switch. */
  function switchTo(loaded: LoadedConfig): void {
    const { traffic, keys, trust } = running
    generation += 1
    const next = assemble(loaded.compiled.objects, generation, snapshot)
    const forgotten = trust.configure(loaded.compiled)
    snapshot = next
    inForce = loaded
    keys.retain(next)
    traffic.retain(next)
    traffic.forget(forgotten)
  }

  function stop(): void {
    running.trust.keys.stop()
    if (snapshot !== undefined) running.traffic.retain({ ...snapshot, apis: [] })
    for (const { timer } of running.intervals) clearInterval(timer)
  }

  return {
    port: listener.port,
    load: async (document) => {
      const bytes = Buffer.from(JSON.stringify(document))
      const files = { realPath: async (path: string) => path, readBytes: async () => ok(bytes) }
      const { environment } = settings
      const ports = { environment, allowEnv: [], secretsDir: undefined, nowMs: Date.now(), files }
      const loaded = await loadConfig('/test/jotgate.json', ports)
      if (!loaded.ok) return err(formatProblems(loaded.error))
      switchTo(loaded.value)
      return loaded
    },
    refresh: async (issuerId) => (await running.trust.keys.refresh(issuerId)) !== undefined,
    distrust: (issuerId, kid) => running.trust.keys.distrust(issuerId, kid) !== undefined,
    decision: (id) => running.traffic.decision(id),
    explain: (request) => running.traffic.explain(request),
    counters: () => running.traffic.counters({ connections: 0, requests: 0 }),
    used: () => {
      for (const { run } of running.intervals) run()
      return running.used.splice(0)
    },
    lastLine: () => running.lines.at(-1) ?? '',
    restart: () => {
      stop()
      running = run(running.dataDir)
      if (inForce !== undefined) switchTo(inForce)
    },
    begin: (dataDir) => {
      stop()
      inForce = undefined
      running = run(dataDir)
    },
    close: () => {
      stop()
      return listener.drain(0)
    },
  }
}

/** Makes something and keeps the intervals it starts: in the product they end with their process. */
function collectIntervals<T>(into: Interval[], make: () => T): T {
  const { setInterval: start } = globalThis
  globalThis.setInterval = ((run: () => void, delayMs: number) => {
    const timer = start(run, delayMs)
    into.push({ timer, run })
    return timer
  }) as typeof setInterval
  try {
    return make()
  } finally {
    globalThis.setInterval = start
  }
}
