/** Pieces of a message as one: texts are latin1. `bytes` is their length together. */
export function joinPieces(pieces: readonly (string | Buffer)[], bytes: number): Buffer {
  const joined = Buffer.allocUnsafe(bytes)
  let at = 0
  for (const piece of pieces) {
    at += typeof piece === 'string' ? joined.write(piece, at, 'latin1') : piece.copy(joined, at)
  }
  return joined
}
