import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { normalisePath } from '../../src/compile/normalise-path.ts'
import { normaliseSlowly } from './path-oracle.ts'
import { runFuzz } from './run-fuzz.ts'
import { targetText } from './target-text.ts'

// Normaliser and oracle agree on every target, and a normal path stays what it is.

await runFuzz(
  'normalise-path',
  fc.property(targetText, (target) => {
    const normal = normalisePath(target)
    deepStrictEqual(normal.ok ? normal.value : undefined, normaliseSlowly(target))
    if (normal.ok) deepStrictEqual(normalisePath(normal.value.path + normal.value.query), normal)
  }),
)
