import type { AdminPorts } from '../../admin/ports.ts'
import type { Decision } from '../../domain/decision.ts'
import type { KeyRecord } from '../../domain/key.ts'
import { type KeySourceStatus, noteClashes } from '../../keys/jwks/jwks-client-status.ts'
import { parseDecisionId } from '../../telemetry/decision-id.ts'
import { hideSecrets } from '../config/hide-secrets.ts'
import type { LiveConfig } from '../config/live-config.ts'
import { createNodeMetrics, type NodeFacts } from '../node-metrics.ts'
import type { ControlOptions } from '../start-options.ts'
import { version } from '../version.ts'
import type { Rollout } from './rollout.ts'
import type { TrustHost } from './trust-host.ts'

/** What the admin port reaches in control. */
export interface AdminReach {
  readonly options: ControlOptions
  readonly rollout: Rollout
  readonly trust: TrustHost
  readonly live: LiveConfig
  readonly startedAtMs: number
  readonly file: string
  readonly isDraining: () => boolean
  readonly logLinesDropped: () => number
}

/** A worker that answers no sooner is skipped. */
const answerMs = 1000
const explainMs = 5000

/** Wires the admin port to what it shows. */
export function createAdminPorts(reach: AdminReach): AdminPorts {
  const { options, rollout, trust, live, file } = reach
  const metrics = createNodeMetrics()
  const withClashes = (status: KeySourceStatus): KeySourceStatus => noteClashes(status, configuredKeys(live, status))
  const serving = (): number => rollout.workers().filter(({ generation }) => generation === rollout.generation()).length

  return {
    readiness: () => {
      if (reach.isDraining()) return { ready: false, state: 'draining' }
      const ready = rollout.generation() > 0 && serving() >= options.workers
      return { ready, state: ready ? 'ready' : 'starting' }
    },
    metrics: async () => {
      const counts = await Promise.all(
        rollout.workers().map(async ({ pid, peer }) => {
          const answer = await peer.call('counters', null, answerMs)
          return { pid, counters: answer.ok ? answer.value.counters : undefined }
        }),
      )
      return metrics.scrape(counts, {
        workersWanted: options.workers,
        workersServing: serving(),
        configRefused: live.refused() !== undefined,
        logLinesDropped: reach.logLinesDropped(),
        certificates: certificatesOf(live),
        keySets: trust.keys.status(),
      })
    },
    decision: async (id) => {
      const number = parseDecisionId(id)?.worker
      const worker = rollout.workers().find((one) => one.number === number)
      const answer = await worker?.peer.call('decision', { id }, answerMs)
      return answer?.ok ? locate(answer.value.decision, live) : undefined
    },
    explain: async (request) => {
      // A worker that does not answer leaves the question to the next.
      for (const { peer } of rollout.workers()) {
        const answer = await peer.call('explain', request, explainMs)
        if (answer.ok) return locate(answer.value.decision, live)
      }
      return undefined
    },
    keys: {
      status: () => trust.keys.status().map(withClashes),
      refresh: async (issuerId) => {
        const status = await trust.keys.refresh(issuerId)
        return status === undefined ? undefined : withClashes(status)
      },
      distrust: (issuerId, kid) => trust.keys.distrust(issuerId, kid),
    },
    configuration: () => {
      const current = live.current()
      return {
        generation: rollout.generation(),
        loadedAtMs: current?.loadedAtMs ?? 0,
        file,
        document: hideSecrets(current?.document),
        warnings: current?.warnings ?? [],
        refused: live.refused(),
      }
    },
    status: () => ({
      version,
      pid: process.pid,
      startedAtMs: reach.startedAtMs,
      generation: rollout.generation(),
      workers: rollout.workers().map(({ number, pid, generation }) => ({ number, pid, generation })),
      workersWanted: options.workers,
    }),
  }
}

function certificatesOf(live: LiveConfig): NodeFacts['certificates'] {
  return (live.current()?.compiled.objects ?? []).flatMap((object) =>
    object.kind === 'listener'
      ? object.plan.certificates.map(({ notAfterMs }, index) => ({ listener: object.plan.listener, index, notAfterMs }))
      : [],
  )
}

function configuredKeys(live: LiveConfig, { issuerId }: KeySourceStatus): readonly KeyRecord[] {
  const objects = live.current()?.compiled.objects ?? []
  return objects.flatMap((one) => (one.kind === 'issuer' && one.id === issuerId ? one.plan.keys : []))
}

/** Adds the line of the configuration that asked for the check, while the configuration it was made under is in force. */
function locate(decision: Decision | undefined, live: LiveConfig): Decision | undefined {
  const current = live.current()
  if (decision?.rule === undefined || current?.generation !== decision.generation) return decision
  const position = current.source.locate(decision.rule.path)
  return position === undefined
    ? decision
    : { ...decision, rule: { ...decision.rule, file: current.file, ...position } }
}
