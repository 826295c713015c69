import { createHash } from 'node:crypto'

/** SHA-256 (hex) of a plan as JSON with sorted members: equal plans hash equal, whatever order they were built in. */
export function hashPlan(plan: unknown): string {
  return createHash('sha256').update(stableJson(plan)).digest('hex')
}

function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${stableJson(member)}`).join(',')}}`
}
