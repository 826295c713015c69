/**
 * Why the gateway ended a long connection by itself: the token ran out, the key that vouched for it is trusted no
 * longer, the configuration would not let it in any more, or the gateway is going.
 */
export type CutCause = 'expired' | 'distrusted' | 'configuration' | 'drain'

/** Who or what ended a tunnel. */
export type EndCause = CutCause | 'caller' | 'upstream' | 'idle'
