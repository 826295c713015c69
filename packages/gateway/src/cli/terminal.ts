import { readEnvironment } from '../app/env.ts'

/** Where a command writes and reads. Text that others wrote is escaped before it comes here. */
export interface Terminal {
  /** The result, on standard output. */
  readonly out: (text: string) => void
  /** What is said beside the result, on standard error. */
  readonly note: (text: string) => void
  /** A sentence that names the thing, the rule and a way out; answers the exit code. */
  readonly fail: (sentence: string) => number
  readonly paint: Paint
  /** All of standard input, as far as `bytesMax`. */
  readonly readInput: (bytesMax: number) => Promise<Buffer>
}

/** Colours, or nothing when nobody sees them. */
export interface Paint {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
}

/** What the exit codes of every command mean. */
export const exitCodes = { done: 0, refused: 1, usage: 2 } as const

/** Paint for a stream: only on a terminal, never when `NO_COLOR` is set (no-color.org). */
export function createPaint(coloured: boolean): Paint {
  const style = (on: number, off: number) => (text: string) => (coloured ? `\u001b[${on}m${text}\u001b[${off}m` : text)
  return {
    bold: style(1, 22),
    dim: style(2, 22),
    red: style(31, 39),
    green: style(32, 39),
    yellow: style(33, 39),
  }
}

/** This process's own terminal. A reader that goes away ends the command without a word. */
export function openTerminal(): Terminal {
  const { NO_COLOR = '', TERM } = readEnvironment()
  let listening = false
  const write = (stream: NodeJS.WriteStream, text: string): void => {
    if (!listening) {
      listening = true
      for (const one of [process.stdout, process.stderr]) one.on('error', endQuietly)
    }
    stream.write(text)
  }
  return {
    out: (text) => write(process.stdout, text),
    note: (text) => write(process.stderr, text),
    fail: (sentence) => {
      write(process.stderr, `jotgate: ${sentence}\n`)
      return exitCodes.refused
    },
    paint: createPaint(process.stdout.isTTY === true && NO_COLOR === '' && TERM !== 'dumb'),
    readInput: (bytesMax) => readStream(process.stdin, bytesMax),
  }
}

function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit()
}

async function readStream(stream: AsyncIterable<Buffer>, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    length += chunk.length
    if (length > bytesMax) break
  }
  return Buffer.concat(chunks)
}
