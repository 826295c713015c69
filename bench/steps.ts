import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchCase } from './cases.ts'
import { applyLoad } from './load/apply-load.ts'
import { pathOf } from './paths.ts'
import { type CpuProfile, profileShares } from './profile-shares.ts'
import { startJotgate } from './sides/jotgate.ts'
import { upstreamFor } from './sides/upstream-for.ts'
import { tokenPool } from './tokens.ts'

const seconds = 15
const gatewayCpu = 0
const loadCpu = 1

/**
 * Where the time of a worker goes while it serves a case: one profile of the running product, told by pipeline step.
 * Sampling costs a few per cent, and start-up is in it: for proportions, not for comparisons.
 * The load is the case's own, but for connections that are silent: they take no time of a worker's, and are left out.
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
  const upstream = await upstreamFor(benchCase, folder, loadCpu)
  try {
    const asked = { benchCase, cpu: gatewayCpu, upstreamPort: upstream.port, folder, node: profiling }
    const side = await startJotgate({ ...asked, keyFile: pool.keyFile, keyFiles: pool.keyFiles })
    const { requests, notOk, errors } = await applyLoad({
      ...{ benchCase, port: side.port, path: pathOf(benchCase), tokenFile: pool.file, seconds, connections: 32 },
      ...{ cpu: loadCpu, startAt: 0, rotation: side.rotation },
    })
    await side.stop()
    const shares = [...profileShares(busiest(join(folder, 'profiles')))].filter(([place]) => place !== '(idle)')
    process.stdout.write(
      `${benchCase.name}: ${benchCase.about}; ${requests} requests, ${notOk} answered 400 and above, ${errors} failed\n`,
    )
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
