/** 1001 going away, 1008 policy violation (RFC 6455 7.4.1). */
export type CloseCode = 1001 | 1008

/** A Close frame (RFC 6455 5.5.1). Towards a server it is masked, with these four bytes; towards a client it is not. */
export function closeFrame(code: CloseCode, mask?: Buffer): Buffer {
  const payload = Buffer.from([code >> 8, code & 0xff])
  if (mask === undefined) return Buffer.concat([Buffer.from([0x88, payload.length]), payload])
  for (let at = 0; at < payload.length; at++) payload[at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0)
  return Buffer.concat([Buffer.from([0x88, 0x80 | payload.length]), mask, payload])
}
