/**
 * Exact bytes that failed under a key, so that sending them again costs no crypto (S8). A direct-mapped table of fixed
 * size: a new failure replaces the one in its place. The key is part of the entry, because a token that failed under
 * one key may be right under another.
 */
export interface FailedTokens {
  readonly has: (compact: string, thumbprint: string) => boolean
  readonly add: (compact: string, thumbprint: string) => void
}

const slotsCount = 1_024
/** Longer ones are checked again: the table stays under 4 MiB. */
const tokenCharsMax = 4_096

export function createFailedTokens(): FailedTokens {
  const tokens: (string | undefined)[] = new Array(slotsCount).fill(undefined)
  const keys: (string | undefined)[] = new Array(slotsCount).fill(undefined)

  return {
    has: (compact, thumbprint) => {
      const slot = slotOf(compact, thumbprint)
      return keys[slot] === thumbprint && tokens[slot] === compact
    },
    add: (compact, thumbprint) => {
      if (compact.length > tokenCharsMax) return
      const slot = slotOf(compact, thumbprint)
      // A substring would keep the whole buffer it was read from alive.
      tokens[slot] = Buffer.from(compact, 'latin1').toString('latin1')
      keys[slot] = thumbprint
    },
  }
}

/** Each of a token's candidate keys has a place of its own: in one they would push each other out for ever. */
function slotOf(compact: string, thumbprint: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < Math.min(8, thumbprint.length); i++) {
    hash = Math.imul(hash ^ thumbprint.charCodeAt(i), 0x01000193)
  }
  for (let i = Math.max(0, compact.length - 24); i < compact.length; i++) {
    hash = Math.imul(hash ^ compact.charCodeAt(i), 0x01000193)
  }
  return (hash >>> 0) % slotsCount
}
