const event = '"event":"config_in_force"'

/**
 * How many generations above the given one came into force within [fromMs, untilMs), by the lines of the gateway's log: its
 * metrics would tell the last one only, and have to be asked for while nothing is to disturb the worker.
 */
export async function generationsInForce(
  lines: AsyncIterable<string> | Iterable<string>,
  { above, fromMs, untilMs }: { readonly above: number; readonly fromMs: number; readonly untilMs: number },
): Promise<number> {
  const seen = new Set<number>()
  for await (const line of lines) {
    if (!line.includes(event)) continue
    const { time, generation } = JSON.parse(line) as { time: string; generation: number }
    const atMs = Date.parse(time)
    if (generation > above && atMs >= fromMs && atMs < untilMs) seen.add(generation)
  }
  return seen.size
}
