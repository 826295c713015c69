import type { Config } from '@jotgate/contract'
import type { LimitsPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** Beyond these a slow caller costs little to be, and holds much (S15). */
const patience = { headTimeout: 30_000, slowAfter: 60_000 } as const
const bytesPerSecondLeast = 1024

/** How many callers, and how slow ones, are put up with. What is looser than the defaults mean is named. */
export function compileLimits(limits: Config['gateway']['limits'], problems: ProblemList): LimitsPlan {
  const at = ['gateway', 'limits']
  const hint = 'let callers on thin lines come through a proxy that collects what they send'
  for (const key of ['headTimeout', 'slowAfter'] as const) {
    if (limits[key] > patience[key])
      problems.warn([...at, key], 'slow_callers', 'callers may hold connections with next to nothing', hint)
  }
  if (limits.bytesPerSecond < bytesPerSecondLeast)
    problems.warn([...at, 'bytesPerSecond'], 'slow_callers', 'callers may hold requests with next to nothing', hint)
  return {
    connections: limits.connections,
    connectionsPerAddress: limits.connectionsPerAddress,
    headTimeoutMs: limits.headTimeout,
    idleTimeoutMs: limits.idleTimeout,
    bytesPerSecond: limits.bytesPerSecond,
    slowAfterMs: limits.slowAfter,
  }
}
