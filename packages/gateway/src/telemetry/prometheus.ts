import { algorithms } from '../domain/algorithm.ts'
import { outcomeOfReason, reasons } from '../domain/reasons.ts'
import {
  type ApiCounts,
  apiCounts,
  type Durations,
  durationBoundsMs,
  type IssuerCounts,
  issuerCounts,
} from './counter-columns.ts'
import { type CounterSnapshot, counter, gauge } from './counters.ts'

/** A value the control process adds: key set ages, workers alive, refused configurations. */
export interface ExtraMetric {
  /** Without the prefix `jotgate_`; a counter's ends in `_total`. */
  readonly name: string
  readonly help: string
  readonly type: 'gauge' | 'counter'
  readonly samples: readonly { readonly labels: Labels; readonly value: number }[]
}

/** Label values come from configuration or a fixed list, never from a request (S23). */
export type Labels = Readonly<Record<string, string>>

type Family = ExtraMetric

/** Media type of the exposition format, for `Content-Type`. */
export const prometheusMediaType = 'text/plain; version=0.0.4; charset=utf-8'

const tunnelsEnded = 'tunnels_ended_total'
const tunnelsEndedHelp = 'WebSockets that ended, by who or what ended them.'

/** Neighbours of one name are one family. */
const counterFamilies: {
  readonly [C in keyof typeof counter]: readonly [name: string, help: string, labels?: Labels]
} = {
  tokenCacheHits: ['token_cache_hits_total', 'Tokens found in the verified-token cache.'],
  tokenCacheMisses: ['token_cache_misses_total', 'Tokens not found in the verified-token cache.'],
  tokenCacheAdmissions: ['token_cache_admissions_total', 'Tokens taken into the verified-token cache.'],
  tokenCacheEvictions: ['token_cache_evictions_total', 'Tokens that left the verified-token cache for another one.'],
  upstreamConnectionsOpened: ['upstream_connections_opened_total', 'Connections opened to upstreams.'],
  upstreamConnectionsReused: ['upstream_connections_reused_total', 'Requests sent on a kept upstream connection.'],
  upstreamSurplusBytes: [
    'upstream_surplus_bytes_total',
    'Upstream connections destroyed because bytes followed an answer or came unasked.',
  ],
  upstreamRetries: [
    'upstream_retries_total',
    'Requests sent again after a kept connection had died or its server had refused to begin.',
  ],
  upstreamConnectFailures: ['upstream_connect_failures_total', 'Connections to upstreams that could not be made.'],
  upstreamEjections: ['upstream_ejections_total', 'Targets passed over for a time because they failed.'],
  upstreamReturns: ['upstream_returns_total', 'Targets that were passed over and answer again.'],
  tunnelsOpened: ['tunnels_opened_total', 'WebSockets that were let through and agreed to by the upstream.'],
  tunnelsEndedByCaller: [tunnelsEnded, tunnelsEndedHelp, { cause: 'caller' }],
  tunnelsEndedByUpstream: [tunnelsEnded, tunnelsEndedHelp, { cause: 'upstream' }],
  tunnelsIdle: [tunnelsEnded, tunnelsEndedHelp, { cause: 'idle' }],
  tunnelsExpired: [tunnelsEnded, tunnelsEndedHelp, { cause: 'expired' }],
  tunnelsDistrusted: [tunnelsEnded, tunnelsEndedHelp, { cause: 'distrusted' }],
  tunnelsUnconfigured: [tunnelsEnded, tunnelsEndedHelp, { cause: 'configuration' }],
  tunnelsDrained: [tunnelsEnded, tunnelsEndedHelp, { cause: 'drain' }],
  answersCutShort: [
    'answers_cut_total',
    'Event streams and long answers that the gateway ended: token, key, configuration, or its own end.',
  ],
  logLinesDropped: ['log_lines_dropped_total', 'Log lines dropped because their reader was slow, full or gone.'],
  decisionsKept: ['decisions_kept_total', 'Decisions kept for explain.'],
  connectionsRefused: [
    'connections_refused_total',
    'Connections closed at once because there were too many, in all or of one address.',
  ],
  tlsHandshakes: ['tls_handshakes_total', 'TLS handshakes of callers that came to an end.'],
  tlsSessionsResumed: ['tls_sessions_resumed_total', 'Of those, sessions that were resumed.'],
  tlsHandshakesFailed: ['tls_handshakes_failed_total', 'TLS handshakes that were broken off, refused or too slow.'],
  tlsPlainHttp: ['tls_plain_http_total', 'Connections that spoke plain HTTP to a TLS port.'],
  tlsCertificatesRefused: [
    'tls_client_certificates_refused_total',
    'Connections ended because a client certificate was missing or not believed.',
  ],
}

const gaugeFamilies: { readonly [G in keyof typeof gauge]: readonly [name: string, help: string] } = {
  generation: ['config_generation', 'Generation of the configuration in force; the oldest over the workers.'],
  callerConnections: ['caller_connections', 'Open connections of callers.'],
  upstreamConnections: ['upstream_connections', 'Open connections to upstreams.'],
  upstreamTargetsEjected: ['upstream_targets_ejected', 'Targets passed over now, summed over the workers.'],
  tunnelsOpen: ['tunnels_open', 'Open WebSockets.'],
  requestsInFlight: ['requests_in_flight', 'Requests begun and not ended.'],
  tokenCacheEntries: ['token_cache_entries', 'Tokens in the verified-token cache.'],
  eventLoopDelayExcessMs: [
    'event_loop_delay_excess_milliseconds',
    'How late the event loop ran beyond an idle one; the worst over the workers since the last scrape.',
  ],
}

/** The text of `/metrics`: Prometheus exposition format 0.0.4. Which series exist depends on the configuration alone. */
export function toPrometheus(merged: CounterSnapshot, extra: readonly ExtraMetric[]): string {
  const apis = merged.apis.map(apiCounts)
  const families: readonly Family[] = [
    ...requestFamilies(apis),
    verificationFamily(merged.issuers.map(issuerCounts)),
    ...plainCounters(merged),
    ...Object.entries(gaugeFamilies).map(([key, [name, help]]) =>
      plain(name, help, 'gauge', merged.gauges[gauge[key as keyof typeof gauge]]),
    ),
    ...extra,
  ]
  return (
    families.map(familyText).join('') +
    histogramText(
      'request_duration_seconds',
      'From the head of the request to the end of the answer.',
      apis.map((api) => ({ labels: { api: api.id }, durations: api.total })),
    ) +
    histogramText(
      'upstream_duration_seconds',
      "From forwarding to the head of the upstream's answer.",
      apis.map((api) => ({ labels: { api: api.id }, durations: api.upstream })),
    )
  )
}

function requestFamilies(apis: readonly ApiCounts[]): readonly Family[] {
  return [
    {
      name: 'requests_total',
      help: 'Ended requests by outcome and reason; the API is empty where none was found.',
      type: 'counter',
      samples: apis.flatMap((api) =>
        api.endings.map((value, index) => {
          const reason = reasons[index - 1]
          const outcome = reason !== undefined ? outcomeOfReason[reason] : index === 0 ? 'forwarded' : 'answered'
          return { labels: { api: api.id, outcome, reason: reason ?? '' }, value }
        }),
      ),
    },
    {
      name: 'responses_total',
      help: 'Forwarded answers by status class.',
      type: 'counter',
      samples: apis.flatMap((api) =>
        api.statuses.map((value, index) => ({ labels: { api: api.id, status: `${index + 1}xx` }, value })),
      ),
    },
  ]
}

function verificationFamily(issuers: readonly IssuerCounts[]): Family {
  return {
    name: 'verifications_total',
    help: 'Signature checks by issuer and algorithm; cached tokens need none.',
    type: 'counter',
    samples: issuers.flatMap((issuer) =>
      algorithms.flatMap(({ name: algorithm }, index) => [
        { labels: { issuer: issuer.id, algorithm, result: 'passed' }, value: issuer.passed[index] ?? 0 },
        { labels: { issuer: issuer.id, algorithm, result: 'failed' }, value: issuer.failed[index] ?? 0 },
      ]),
    ),
  }
}

function plainCounters({ counters }: CounterSnapshot): readonly Family[] {
  const families: { name: string; help: string; type: 'counter'; samples: Family['samples'][number][] }[] = []
  for (const [key, [name, help, labels = {}]] of Object.entries(counterFamilies)) {
    const sample = { labels, value: counters[counter[key as keyof typeof counter]] ?? 0 }
    const last = families.at(-1)
    if (last?.name === name) last.samples.push(sample)
    else families.push({ name, help, type: 'counter', samples: [sample] })
  }
  return families
}

function plain(name: string, help: string, type: Family['type'], value: number | undefined): Family {
  return { name, help, type, samples: [{ labels: {}, value: value ?? 0 }] }
}

function heading(name: string, help: string, type: string): string {
  return `# HELP jotgate_${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE jotgate_${name} ${type}\n`
}

function familyText({ name, help, type, samples }: Family): string {
  return heading(name, help, type) + samples.map(({ labels, value }) => sample(name, labels, value)).join('')
}

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${labelValue(text)}"`)
  return `jotgate_${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
}

function labelValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function histogramText(
  name: string,
  help: string,
  rows: readonly { readonly labels: Labels; readonly durations: Durations }[],
): string {
  const lines = rows.map(({ labels, durations }) => {
    let count = 0
    const buckets = durations.buckets.map((value, index) => {
      count += value
      const bound = durationBoundsMs[index]
      return sample(`${name}_bucket`, { ...labels, le: bound === undefined ? '+Inf' : String(bound / 1000) }, count)
    })
    return (
      buckets.join('') + sample(`${name}_sum`, labels, durations.sumMs / 1000) + sample(`${name}_count`, labels, count)
    )
  })
  return heading(name, help, 'histogram') + lines.join('')
}
