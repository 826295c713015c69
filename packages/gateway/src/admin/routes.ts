import { readConfiguration, readStatus } from './configuration.ts'
import { explainRequest, readDecision } from './decisions.ts'
import { readHealth, readReadiness } from './health.ts'
import { distrustKey, readKeys, refreshKeys } from './keys.ts'
import { readMetrics } from './metrics.ts'
import type { AdminPorts } from './ports.ts'

/** A resource of the admin port. `open`: answered without the admin token. */
export interface AdminRoute {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly access: 'open' | 'token' | 'metrics'
  /** `body` is the parsed JSON of a POST, undefined when it had none. */
  readonly answer: (ports: AdminPorts, id: string, body: unknown) => Response | Promise<Response>
}

/** Everything the admin port answers. */
export const adminRoutes: readonly AdminRoute[] = [
  { method: 'GET', path: '/healthz', access: 'open', answer: () => readHealth() },
  { method: 'GET', path: '/readyz', access: 'open', answer: (ports) => readReadiness(ports) },
  { method: 'GET', path: '/metrics', access: 'metrics', answer: (ports) => readMetrics(ports) },
  { method: 'GET', path: '/status', access: 'token', answer: (ports) => readStatus(ports) },
  { method: 'GET', path: '/config', access: 'token', answer: (ports) => readConfiguration(ports) },
  { method: 'GET', path: '/decisions/:id', access: 'token', answer: (ports, id) => readDecision(ports, id) },
  { method: 'POST', path: '/explain', access: 'token', answer: (ports, _id, body) => explainRequest(ports, body) },
  { method: 'GET', path: '/keys', access: 'token', answer: (ports) => readKeys(ports) },
  { method: 'POST', path: '/keys/:id/refresh', access: 'token', answer: (ports, id) => refreshKeys(ports, id) },
  {
    method: 'POST',
    path: '/keys/:id/distrust',
    access: 'token',
    answer: (ports, id, body) => distrustKey(ports, id, body),
  },
]
