import type { AdminPorts } from './ports.ts'

/** The configuration in force, and why the last reload was refused if it was. */
export function readConfiguration(ports: AdminPorts): Response {
  return Response.json(ports.configuration())
}

/** Version, generation and workers. */
export function readStatus(ports: AdminPorts): Response {
  return Response.json(ports.status())
}
