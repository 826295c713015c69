import fc from 'fast-check'

const defaultRuns = 10_000
/** No target takes longer, however slow the machine; the line it prints says how far it came. */
const timeMsMax = 110_000

/**
 * Runs a property as often as the command line says (`npx tsx x.fuzz.ts 100000 [seed]`) and ends the process with 1
 * and the smallest counterexample when it fails. The printed seed repeats a run.
 */
export async function runFuzz<T>(name: string, property: fc.IProperty<T> | fc.IAsyncProperty<T>): Promise<void> {
  const numRuns = Number(process.argv[2] ?? defaultRuns)
  const seed = process.argv[3] === undefined ? Date.now() % 0x7fffffff : Number(process.argv[3])
  const started = performance.now()
  const details = await fc.check(property, { numRuns, seed, interruptAfterTimeLimit: timeMsMax })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  process.stdout.write(`${name}: ${details.numRuns} runs, seed ${seed}, ${seconds} s\n`)
  if (!details.failed) return
  process.stderr.write(`${await fc.asyncDefaultReportMessage(details)}\n`)
  process.exitCode = 1
}
