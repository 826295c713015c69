import { readStartFlags } from './start-flags.ts'

// The supervisor holds no package: `start` is read by hand, and commander is loaded for everything else.
const [command, ...rest] = process.argv.slice(2)
const options = command === 'start' ? readStartFlags(rest) : undefined
if (options === undefined) {
  const { runProgram } = await import('./program.ts')
  await runProgram()
} else {
  const { start } = await import('../app/start.ts')
  process.exit(await start(options))
}
