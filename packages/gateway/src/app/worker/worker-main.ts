import type { WorkerOptions } from '../start-options.ts'
import { runWorker } from './worker.ts'

runWorker(JSON.parse(process.argv[2] ?? '') as WorkerOptions)
