import { spawnSync } from 'node:child_process'

let prefix: readonly string[] | undefined

/**
 * What to put before a command so that it runs as soon as it is due, whatever else its core has to do; nothing where the
 * system does not allow it, and then a generator may be late and say so.
 */
export function realTime(): readonly string[] {
  const command = ['chrt', '--fifo', '1']
  prefix ??= spawnSync('chrt', ['--fifo', '1', 'true']).status === 0 ? command : []
  return prefix
}
