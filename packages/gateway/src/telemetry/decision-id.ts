const idBytes = 16
const pooledIds = 256

/**
 * Makes decision ids: 128 random bits as hexadecimal digits and the worker's number, `<32 hex>-<n>`, so that whoever
 * looks one up knows which worker to ask (S23). `randomFill` fills a buffer with random bytes, many ids at a time.
 */
export function createDecisionIds(randomFill: (buffer: Buffer) => void, worker: number): () => string {
  const pool = Buffer.alloc(idBytes * pooledIds)
  const suffix = `-${worker}`
  let offset = pool.length
  return () => {
    if (offset === pool.length) {
      randomFill(pool)
      offset = 0
    }
    const start = offset
    offset += idBytes
    // A string of its own for each id: a slice of one long string would keep all of it alive.
    return pool.toString('hex', start, offset) + suffix
  }
}

/** The worker that made a decision id; undefined when the text is no decision id. */
export function parseDecisionId(text: string): { readonly worker: number } | undefined {
  const worker = /^[0-9a-f]{32}-(0|[1-9]\d{0,3})$/.exec(text)?.[1]
  return worker === undefined ? undefined : { worker: Number(worker) }
}
