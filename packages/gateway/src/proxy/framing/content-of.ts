/** The content of one read in one piece; `ranges` holds starts and ends. One range is not copied. */
export function contentOf(chunk: Buffer, ranges: readonly number[]): Buffer {
  if (ranges.length === 2) return chunk.subarray(ranges[0], ranges[1])
  const pieces: Buffer[] = []
  for (let at = 0; at < ranges.length; at += 2) pieces.push(chunk.subarray(ranges[at], ranges[at + 1]))
  return Buffer.concat(pieces)
}
