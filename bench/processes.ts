import { readdirSync, readFileSync } from 'node:fs'

/** Kernel accounting of whole process trees, from /proc: every process of a gateway counts, user and system time. */
const ticksPerSecond = 100

interface Row {
  readonly pid: number
  readonly parent: number
  readonly cpuSeconds: number
}

function readRows(): readonly Row[] {
  const rows: Row[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'latin1')
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      rows.push({
        pid: Number(name),
        parent: Number(fields[1]),
        cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
      })
    } catch {
      // The process ended between listing and reading.
    }
  }
  return rows
}

function treeOf(root: number): readonly Row[] {
  const rows = readRows()
  const inside = new Set([root])
  for (let grown = true; grown; ) {
    grown = false
    for (const row of rows) {
      if (inside.has(row.parent) && !inside.has(row.pid)) {
        inside.add(row.pid)
        grown = true
      }
    }
  }
  return rows.filter((row) => inside.has(row.pid))
}

/** CPU seconds used so far by a process and all its descendants that live. */
export function cpuSecondsOf(root: number): number {
  return treeOf(root).reduce((sum, row) => sum + row.cpuSeconds, 0)
}

/** Resident memory in MiB of the largest process below `root`. */
export function largestResidentMiB(root: number): number {
  return Math.max(
    ...treeOf(root).map((row) => {
      const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${row.pid}/status`, 'latin1'))
      return Number(line?.[1] ?? 0) / 1024
    }),
  )
}

export interface CoreTimes {
  readonly busy: number
  readonly idle: number
  readonly steal: number
}

export function coreTimes(cpu: number): CoreTimes {
  const line = readFileSync('/proc/stat', 'latin1')
    .split('\n')
    .find((one) => one.startsWith(`cpu${cpu} `))
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0] = (line ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return { busy: user + nice + system + irq + soft, idle: idle + wait, steal }
}

/** Shares in [0, 1] of a core's time between two readings. */
export function sharesBetween(before: CoreTimes, after: CoreTimes): { readonly idle: number; readonly steal: number } {
  const busy = after.busy - before.busy
  const idle = after.idle - before.idle
  const steal = after.steal - before.steal
  const all = Math.max(1, busy + idle + steal)
  return { idle: idle / all, steal: steal / all }
}
