import { runControl } from './control.ts'
import type { ControlOptions } from './start-options.ts'

await runControl(JSON.parse(process.argv[2] ?? '') as ControlOptions)
