import { differences } from './differences.ts'
import { jwksRefresh } from './jwks-refresh.ts'
import { loads } from './loads.ts'
import { pool } from './pool.ts'
import { selfCheck } from './self-check.ts'
import { stalls } from './stalls.ts'
import { startUp } from './start-up.ts'
import type { Study } from './study.ts'
import { twoWorkers } from './two-workers.ts'
import { verifyCost } from './verify-cost.ts'

/** All studies, those first that say whether the others are to be believed. */
export const studies: readonly Study[] = [
  selfCheck,
  startUp,
  jwksRefresh,
  verifyCost,
  differences,
  loads,
  stalls,
  twoWorkers,
  pool,
]
