/** Which worker decided a request, and when it arrived. */
export interface Decided {
  readonly worker: string
  /** Since 1970. */
  readonly atMs: number
}

export interface BusierShare {
  /** Of the requests: the worker that had most of them. */
  readonly share: number
  /** Why it does not count, if it does not. */
  readonly fault: string | undefined
}

/** The log's lines of a load may be fewer or more than its answers by this share: a closed loop is cut off at its end. */
const offShareMax = 0.01

/** What a line of the access log says of that, if it is one: a decision's id ends in the number of its worker. Pure. */
export function decidedOf(line: string): Decided | undefined {
  const [, time = '', worker] = /^\{"time":"([^"]+)","decision":"[0-9a-f]{32}-(\d+)"/.exec(line) ?? []
  return worker === undefined ? undefined : { worker, atMs: Date.parse(time) }
}

/**
 * How the requests of the last load of a log were spread, which took so many seconds and had so many answers: those before
 * it were a warm-up, over connections of its own. Pure.
 */
export function busierShare(
  decided: readonly Decided[],
  { requests, seconds }: { readonly requests: number; readonly seconds: number },
): BusierShare {
  const endMs = decided.reduce((latest, { atMs }) => Math.max(latest, atMs), 0)
  const counts = new Map<string, number>()
  let counted = 0
  for (const { worker, atMs } of decided) {
    if (atMs <= endMs - seconds * 1000) continue
    counts.set(worker, (counts.get(worker) ?? 0) + 1)
    counted++
  }
  const isWhole = counted > 0 && Math.abs(counted - requests) <= requests * offShareMax
  return {
    share: Math.max(0, ...counts.values()) / counted,
    fault: isWhole ? undefined : `the access log has ${counted} requests of the ${requests} measured`,
  }
}
