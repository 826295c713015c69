import type { AdminPorts } from './ports.ts'

/** Whether the process is there at all. */
export function readHealth(): Response {
  return Response.json({ status: 'alive' })
}

/** Whether requests should be sent here: every worker serves the generation in force, and no end is near. */
export function readReadiness(ports: AdminPorts): Response {
  const { ready, state } = ports.readiness()
  return Response.json({ status: state }, { status: ready ? 200 : 503 })
}
