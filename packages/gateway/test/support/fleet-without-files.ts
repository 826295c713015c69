import cluster from 'node:cluster'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { startFleet } from '../../src/app/worker-fleet.ts'

// Run with few files to open (`ulimit -n`): a fleet of one slot that cannot fork for a while, then can. Prints how many
// workers live in the end.
const held: number[] = []
let deaths = 0
const fleet = startFleet({
  workers: 1,
  entry: process.argv[2] ?? '',
  forWorker: () => ({}) as never, // the worker of this test reads nothing
  log: { info: () => undefined, warn: () => undefined, error: () => void deaths++ },
})
try {
  for (;;) held.push(openSync('/dev/null', 'r'))
} catch {
  // That was the last one.
}
while (deaths < 3) await wait(20)
for (const file of held) closeSync(file)
const alive = (): number =>
  Object.values(cluster.workers ?? {}).filter((worker) => worker?.process.pid !== undefined).length
while (alive() === 0) await wait(20)
await wait(3_000)
process.stdout.write(`${alive()} alive\n`)
fleet.kill()
process.exit()
