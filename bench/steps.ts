import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BenchCase, benchPath } from './cases.ts'
import { saturate } from './load/saturate.ts'
import { type CpuProfile, profileShares } from './profile-shares.ts'
import { startJotgate } from './sides/jotgate.ts'
import { startUpstream } from './sides/nginx.ts'
import { tokenPool } from './tokens.ts'

const seconds = 15

/**
 * Where the time of a worker goes while it serves a case: one profile of the running product, told by pipeline step.
 * Sampling costs a few per cent, and start-up is in it: for proportions, not for comparisons.
 */
export async function printSteps(benchCase: BenchCase, node: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'jotgate-bench-steps-'))
  // The workers inherit the flags of the process that starts them.
  const profiling = join(folder, 'node')
  writeFileSync(
    profiling,
    `#!/bin/sh\nexec '${node}' --cpu-prof --cpu-prof-dir='${folder}/profiles' --cpu-prof-interval=500 "$@"\n`,
    { mode: 0o755 },
  )
  const pool = tokenPool(benchCase.kind)
  const upstream = await startUpstream(folder, 1)
  try {
    const side = await startJotgate({
      ...{
        benchCase,
        cpu: 0,
        upstreamPort: upstream.port,
        keyFile: pool.keyFile,
        keyFiles: pool.keyFiles,
        folder,
        node: profiling,
      },
    })
    const url = `http://127.0.0.1:${side.port}${benchPath}`
    const { requests } = await saturate({ url, tokenFile: pool.file, seconds, connections: 32, cpu: 1, startAt: 0 })
    await side.stop()
    const shares = [...profileShares(busiest(join(folder, 'profiles')))].filter(([place]) => place !== '(idle)')
    process.stdout.write(`${benchCase.name}: ${benchCase.about}; ${requests} requests\n`)
    for (const [place, us] of shares.toSorted(([, one], [, other]) => other - one)) {
      process.stdout.write(`${(us / requests).toFixed(2).padStart(8)} us  ${place}\n`)
    }
  } finally {
    await upstream.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The worker's: its profile holds the pipeline. */
function busiest(folder: string): CpuProfile {
  const profiles = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as CpuProfile)
  const workers = profiles.filter(({ nodes }) =>
    nodes.some(({ callFrame }) => callFrame.url.includes('proxy/pipeline')),
  )
  const [worker] = workers.toSorted((one, other) => other.samples.length - one.samples.length)
  if (worker === undefined) throw new Error('no worker left a profile')
  return worker
}
