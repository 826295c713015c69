const handshakeRecord = 22
const clientHello = 1
const serverNameExtension = 0
const hostName = 0
const recordHeaderBytes = 5
const messageHeaderBytes = 4
/** No record is longer (RFC 8446 5.1), and no client's first message comes near it. */
const bytesMax = 16_384

/**
 * The name a caller asks for in the first bytes of its connection (RFC 6066 3), lower case; empty when it asks for
 * none or the bytes are no ClientHello, which OpenSSL will say. Undefined: more bytes are needed.
 */
export function readServerName(bytes: Buffer): string | undefined {
  const message = readMessage(bytes)
  return message === undefined ? undefined : nameIn(message)
}

/** The first handshake message, put together from its records; empty: these bytes are none. */
function readMessage(bytes: Buffer): Buffer | undefined {
  const message = Buffer.allocUnsafe(bytes.length)
  let have = 0
  for (let at = 0; at < bytesMax; ) {
    if (at < bytes.length && bytes[at] !== handshakeRecord) return nothing
    if (at + recordHeaderBytes > bytes.length) return undefined
    const length = bytes.readUInt16BE(at + 3)
    if (length === 0 || length > bytesMax) return nothing
    const start = at + recordHeaderBytes
    have += bytes.copy(message, have, start, start + length)
    if (have > 0 && message[0] !== clientHello) return nothing
    if (have >= messageHeaderBytes) {
      const end = messageHeaderBytes + message.readUIntBE(1, 3)
      if (end > bytesMax) return nothing
      if (have >= end) return message.subarray(messageHeaderBytes, end)
    }
    at = start + length
  }
  return nothing
}

const nothing = Buffer.alloc(0)

/** RFC 8446 4.1.2: version, random, then vectors with their lengths before them. */
function nameIn(hello: Buffer): string {
  const session = 2 + 32
  const suites = after(hello, session, 1)
  const compressions = after(hello, suites, 2)
  const extensions = after(hello, compressions, 1)
  const end = after(hello, extensions, 2)
  if (end > hello.length) return ''
  for (let at = extensions + 2; at + 4 <= end; ) {
    const next = after(hello, at + 2, 2)
    if (next > end) return ''
    if (hello.readUInt16BE(at) === serverNameExtension) return hostIn(hello.subarray(at + 4, next))
    at = next
  }
  return ''
}

function hostIn(list: Buffer): string {
  for (let at = 2; at + 3 <= list.length; ) {
    const next = after(list, at + 1, 2)
    if (next > list.length) return ''
    if (list[at] === hostName) return list.toString('latin1', at + 3, next).toLowerCase()
    at = next
  }
  return ''
}

/** Where a vector at `at` ends whose length stands in its first `bytes` bytes; past everything when that is not there. */
function after(from: Buffer, at: number, bytes: 1 | 2): number {
  return at + bytes > from.length ? Number.MAX_SAFE_INTEGER : at + bytes + from.readUIntBE(at, bytes)
}
