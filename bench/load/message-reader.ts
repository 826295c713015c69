const headEnd = Buffer.from('\r\n\r\n')
const lengthName = Buffer.from('\r\ncontent-length: ')
const headBytesMax = 65_536
const lowerCase = 0x20

/**
 * Finds where HTTP/1 messages end, in bytes as they come, without a string made of them. Enough for what this benchmark
 * sends and gets: a message has a `Content-Length` written `name: digits`, or no body; anything else throws. `ended` is told
 * the status of an answer; of a request the number means nothing.
 */
export function createMessageReader(ended: (status: number) => void): (chunk: Buffer) => void {
  /** The beginning of a head whose end has not come. */
  let held: Buffer | undefined
  let bodyLeft = 0
  let status = 0
  /** Where the length stood in the head before, counted from its start: heads are mostly alike. */
  let lengthAt = 0

  function readLength(bytes: Buffer, start: number, end: number): number {
    if (!isNameAt(bytes, start + lengthAt)) lengthAt = findName(bytes, start, end) - start
    if (lengthAt < 0) {
      lengthAt = 0
      return 0
    }
    let length = 0
    for (let at = start + lengthAt + lengthName.length; at < end; at++) {
      const digit = (bytes[at] ?? 0) - 0x30
      if (digit < 0 || digit > 9) break
      length = length * 10 + digit
    }
    return length
  }

  return (chunk) => {
    const bytes = held === undefined ? chunk : Buffer.concat([held, chunk])
    held = undefined
    let at = 0
    while (at < bytes.length) {
      if (bodyLeft === 0) {
        const end = bytes.indexOf(headEnd, at)
        if (end < 0) {
          if (bytes.length - at > headBytesMax) throw new Error('a head without an end')
          // A copy: the chunk's memory may be read into again.
          held = Buffer.from(bytes.subarray(at))
          return
        }
        status = digits(bytes, at + 'HTTP/1.1 '.length)
        bodyLeft = readLength(bytes, at, end)
        at = end + headEnd.length
      } else {
        const taken = Math.min(bodyLeft, bytes.length - at)
        bodyLeft -= taken
        at += taken
      }
      if (bodyLeft === 0) ended(status)
    }
  }
}

function digits(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) * 100 + (bytes[at + 1] ?? 0) * 10 + (bytes[at + 2] ?? 0) - 0x30 * 111
}

/** The place of the name, with the line break before it; -1 without one, or when the body is chunked. */
function findName(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at = bytes.indexOf(0x0a, at + 2) - 1) {
    if (isNameAt(bytes, at)) return at
    if (bytes.indexOf(0x0a, at + 2) < 0) break
  }
  const head = bytes.toString('latin1', start, end)
  if (/\r\ntransfer-encoding:/i.test(head)) throw new Error('a message in chunks')
  return -1
}

function isNameAt(bytes: Buffer, at: number): boolean {
  for (let offset = lengthName.length - 1; offset >= 0; offset--) {
    const wanted = lengthName[offset] ?? 0
    const found = bytes[at + offset] ?? 0
    const isLetter = wanted >= 0x61
    if ((isLetter ? found | lowerCase : found) !== wanted) return false
  }
  return true
}
