import { openSink, type Sink } from './open-sink.ts'

/** Writes lines in blocks; never waits for its reader. */
export interface BlockWriter {
  /** Takes one line with its line break. False: the buffer is full, the line is dropped and counted. */
  readonly write: (line: string) => boolean
  /** Lines dropped so far: the buffer was full, a line too long for a pipe, or left over at the end. */
  readonly dropped: () => number
  /** Bytes waiting to be written. */
  readonly waiting: () => number
  /** Writes what is left, for at most `timeoutMs`; what is left then counts as dropped. Never rejects. */
  readonly close: (timeoutMs: number) => Promise<void>
}

const blockBytes = 65_536
const flushMs = 100
const bufferBytesMaxDefault = 4_194_304
/** PIPE_BUF of Linux: what a pipe takes in one piece, so that lines of several processes never mix. */
const pieceBytesMax = 4096
const retryMsMin = 10
const retryMsMax = 1000
const lineFeed = 0x0a

interface Block {
  readonly bytes: Buffer
  /** How much of it is done with. */
  offset: number
}

/**
 * A writer of whole lines to a file descriptor: blocks of 64 KiB or every 100 ms, one asynchronous write in flight,
 * at most `bufferBytesMax` waiting. A stalled, full or vanished reader costs dropped lines and nothing else; when it
 * comes back, so do the lines. Nobody else in this process may write to `fd`.
 */
export function createBlockWriter(fd: number, bufferBytesMax: number = bufferBytesMaxDefault): BlockWriter {
  const sink = openSink(fd)
  const blocks: Block[] = []
  let gathered = ''
  let sealedBytes = 0
  let droppedLines = 0
  let inFlight = false
  let closed = false
  let retryMs = 0
  let timer: NodeJS.Timeout | undefined
  let onEmpty: (() => void) | undefined

  function seal(): void {
    if (gathered === '') return
    const bytes = encode(gathered)
    gathered = ''
    sealedBytes += bytes.length
    blocks.push({ bytes, offset: 0 })
  }

  function arm(ms: number): void {
    if (timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      pump()
    }, ms)
    // Lines alone keep no process alive, except while it waits in `close`.
    if (onEmpty === undefined) timer.unref()
  }

  function pump(): void {
    if (inFlight) return
    if (blocks.length === 0) seal()
    const block = blocks[0]
    if (block === undefined) {
      onEmpty?.()
      return
    }
    if (sink.shared) skipLongLines(block)
    const length = pieceLength(sink, block)
    inFlight = true
    sink.write(block.bytes, block.offset, length, (error, written) => {
      inFlight = false
      if (error === null) advance(block, written)
      else retryLater()
    })
  }

  /** EAGAIN: the pipe is full. EPIPE: nobody reads. ENOSPC, EIO: the disk. Each may end; the lines wait meanwhile. */
  function retryLater(): void {
    retryMs = Math.min(retryMsMax, Math.max(retryMsMin, retryMs * 2))
    arm(retryMs)
  }

  function advance(block: Block, bytes: number): void {
    retryMs = 0
    block.offset += bytes
    sealedBytes -= bytes
    if (block.offset >= block.bytes.length) blocks.shift()
    if (blocks.length > 0 || onEmpty !== undefined) pump()
    else if (gathered !== '') arm(flushMs)
  }

  /** A line longer than a piece would mix with other processes' lines: it is dropped. */
  function skipLongLines(block: Block): void {
    for (;;) {
      const end = block.bytes.indexOf(lineFeed, block.offset) + 1
      if (end === 0 || end - block.offset <= pieceBytesMax) return
      sealedBytes -= end - block.offset
      block.offset = end
      droppedLines++
    }
  }

  function giveUp(): void {
    for (const block of blocks) droppedLines += countLines(block)
    if (gathered !== '') droppedLines += countLines({ bytes: Buffer.from(gathered, 'utf8'), offset: 0 })
    blocks.length = 0
    gathered = ''
    sealedBytes = 0
    clearTimeout(timer)
    timer = undefined
    sink.close()
  }

  return {
    write: (line) => {
      if (closed || sealedBytes + gathered.length + line.length > bufferBytesMax) {
        droppedLines++
        return false
      }
      gathered += line
      if (gathered.length >= blockBytes) {
        seal()
        if (retryMs === 0) pump()
      } else if (!inFlight) arm(flushMs)
      return true
    },
    dropped: () => droppedLines,
    waiting: () => sealedBytes + gathered.length,
    close: (timeoutMs) =>
      new Promise((resolve) => {
        const deadline = setTimeout(end, timeoutMs)
        function end(): void {
          clearTimeout(deadline)
          onEmpty = undefined
          closed = true
          giveUp()
          resolve()
        }
        onEmpty = end
        clearTimeout(timer)
        timer = undefined
        seal()
        pump()
      }),
  }
}

const encoder = new TextEncoder()

/** UTF-8 of a text that is nearly always ASCII: half the time `Buffer.from` takes for it. */
function encode(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(text.length)
  return encoder.encodeInto(text, bytes).read === text.length ? bytes : Buffer.from(text, 'utf8')
}

/** How much to write next: all of it, or on a shared sink the whole lines that fit into one piece. */
function pieceLength(sink: Sink, block: Block): number {
  const rest = block.bytes.length - block.offset
  if (!sink.shared || rest <= pieceBytesMax) return rest
  return block.bytes.lastIndexOf(lineFeed, block.offset + pieceBytesMax - 1) + 1 - block.offset
}

function countLines(block: Block): number {
  let count = 0
  for (let at = block.bytes.indexOf(lineFeed, block.offset); at >= 0; at = block.bytes.indexOf(lineFeed, at + 1))
    count++
  return count
}
