/**
 * How V8 keeps the heap of a process small. Nothing is capped: a worker with very many connections may grow, and is
 * not killed for it.
 *
 * - `--max-semi-space-size` (MiB): new objects of a worker die young whatever the size; 16 MiB, the default, costs 15 MiB
 *   more resident memory. On Node 24 with 4 MiB requests outlive their collection and memory grows by 20 MiB; on Node 20
 *   and 22 8 MiB are 10 MiB dearer than 4 and no faster.
 * - `--heap-growing-percent`: by how much the old heap may outgrow what lived at its last collection. V8's own factor is up
 *   to 4 on a machine with much memory: a worker had 250 MiB after 200,000 tokens, control 220 MiB after 290 reloads, of
 *   which 50 and 16 MiB were alive. The tighter, the more often what requests leave behind is collected (docs/benchmarks.md).
 * - `--no-maglev`: the middle compiler of Node 24 leaves 20 MiB of its work in malloc's arenas and makes nothing faster
 *   once the last one has seen the code. It is off in Node 20 and 22 anyway.
 *
 * `--optimize-for-size` would save another 20 MiB and costs every request a fifth more CPU.
 */
export interface HeapFlags {
  readonly worker: readonly string[]
  readonly control: readonly string[]
}

/** The flags for a version of Node (`process.versions.node`). */
export function heapFlags(nodeVersion: string): HeapFlags {
  const semiSpace = Number.parseInt(nodeVersion, 10) >= 24 ? 8 : 4
  return {
    worker: [`--max-semi-space-size=${semiSpace}`, '--heap-growing-percent=40', '--no-maglev'],
    control: [`--max-semi-space-size=${semiSpace}`, '--heap-growing-percent=50'],
  }
}
