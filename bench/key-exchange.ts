/**
 * The only key exchange callers offer over TLS. A caller on Node 24 would offer X25519MLKEM768 first, which Jotgate on Node 24
 * takes and HAProxy on Debian 12 does not have: the two would do different work.
 */
export const keyExchange = 'X25519'
