/** The frames a generator needs (RFC 9113 6), and what it reads and writes of HPACK (RFC 7541): no dynamic table, no Huffman. */
export const frameType = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const
export const endStream = 0x1
export const endHeaders = 0x4
export const acknowledged = 0x1
export const padded = 0x8
export const priority = 0x20
export const frameHeadBytes = 9

/** A frame of at most 16 KiB. */
export function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(frameHeadBytes + payload.length)
  bytes.writeUIntBE(payload.length, 0, 3)
  bytes[3] = type
  bytes[4] = flags
  writeStreamId(bytes, streamId)
  payload.copy(bytes, frameHeadBytes)
  return bytes
}

/** Makes a prepared frame one of this stream. */
export function writeStreamId(bytes: Buffer, streamId: number): void {
  bytes.writeUInt32BE(streamId, 5)
}

/** Settings are pairs of a number of 16 and one of 32 bits. */
export function settingsPayload(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6)
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, index * 6)
    payload.writeUInt32BE(value, index * 6 + 2)
  }
  return payload
}

/** Every field as a literal with its name, never indexed: a block is good on any connection, in any order. */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0x00), ...text(name), ...text(value)]))
}

function text(value: string): readonly Buffer[] {
  return [integer(value.length, 7), Buffer.from(value, 'latin1')]
}

/** RFC 7541 5.1, with the bits before the prefix all 0. */
function integer(value: number, prefixBits: number): Buffer {
  const most = 2 ** prefixBits - 1
  if (value < most) return Buffer.of(value)
  const bytes = [most]
  let left = value - most
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128)
  return Buffer.from([...bytes, left])
}

/** The static table's statuses, from index 8 on (RFC 7541 A). */
const knownStatuses = [200, 204, 206, 304, 400, 404, 500]

/**
 * The status at the head of an answer's block; 0 when it is not told in a way that is known here. The peer was told to keep no
 * dynamic table, so it is an index of the static table, or a literal.
 */
export function statusOf(block: Buffer): number {
  let at = 0
  // A change of the dynamic table's size may come first.
  while (((block[at] ?? 0) & 0xe0) === 0x20) {
    const isLong = (block[at] ?? 0) === 0x3f
    at++
    if (isLong) while ((block[at++] ?? 0) >= 128);
  }
  const first = block[at] ?? 0
  if (first >= 0x80) return knownStatuses[first - 0x80 - 8] ?? 0
  // A literal with the static table's name 8 to 14, whether it is to be indexed (01), not (0000) or never (0001).
  const name = first >= 0x40 ? first & 0x3f : first & 0x0f
  if (name < 8 || name > 14) return 0
  const length = block[at + 1] ?? 0
  const value = block.subarray(at + 2, at + 2 + (length & 0x7f))
  const word = length >= 0x80 ? huffmanDigits(value) : value.toString('latin1')
  return /^[1-5]\d\d$/.test(word) ? Number(word) : 0
}

/** Digits as Huffman codes (RFC 7541 B): 0, 1, 2 in five bits, 3 to 9 in six from 011001 on. Anything else ends it. */
function huffmanDigits(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  let word = ''
  for (let at = 0; word.length < 3; ) {
    const five = Number.parseInt(bits.slice(at, at + 5), 2)
    const six = Number.parseInt(bits.slice(at, at + 6), 2)
    if (five <= 2) at += 5
    else if (six >= 0b011001 && six <= 0b011111) at += 6
    else break
    word += five <= 2 ? five : six - 0b011001 + 3
  }
  return word
}
