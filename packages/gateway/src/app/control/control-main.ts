import type { ControlOptions } from '../start-options.ts'
import { runControl } from './control.ts'

await runControl(JSON.parse(process.argv[2] ?? '') as ControlOptions)
