import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import type { CaseResult } from './report.ts'
import { systemPath } from './sides/system-path.ts'

/**
 * Keeps the results of a run, with what they were got on: the cores, and every version that had a part in them. `beside`:
 * what else the run came to.
 */
export function saveResults(file: string, node: string, results: readonly CaseResult[], beside: object = {}): void {
  const environment = {
    date: new Date().toISOString().slice(0, 10),
    commit: said('git', ['rev-parse', '--short', 'HEAD']),
    cores: cpus().length,
    core: cpus()[0]?.model ?? '',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: said(node, ['--version']),
    haproxy: /version ([^ -]+)/.exec(said('haproxy', ['-v']))?.[1] ?? '',
    nginx: said('sh', ['-c', 'nginx -v 2>&1']).split('/').at(-1) ?? '',
    wrk: said('sh', ['-c', 'wrk -v 2>&1 || true']).split(' ')[1] ?? '',
  }
  writeFileSync(file, `${JSON.stringify({ environment, results, ...beside }, null, 2)}\n`)
}

function said(command: string, args: readonly string[]): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH}:${systemPath}` },
  }).trim()
}
