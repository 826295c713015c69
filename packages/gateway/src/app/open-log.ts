import { isatty } from 'node:tty'
import { type BlockWriter, createBlockWriter } from '../telemetry/block-writer.ts'
import { createLog, type Log } from '../telemetry/log.ts'

/** A process's log on its standard output, where the access log goes too. */
export interface OpenLog {
  readonly log: Log
  readonly writer: BlockWriter
  /** A bug was caught: its kind and place. Its message stays out, for it may quote what it choked on. */
  readonly bug: (error: unknown) => void
}

const stdout = 1

/** `name`: who writes, `worker 3`. */
export function openLog(name: string, format: 'pretty' | 'json'): OpenLog {
  const writer = createBlockWriter(stdout)
  const log = createLog({
    format,
    write: (line) => void writer.write(line),
    nowMs: Date.now,
    process: name,
    colour: isatty(stdout),
  })
  return { log, writer, bug: (error) => log.error('bug', { fault: describeBug(error) }) }
}

/** The error's kind and the lines of code it came through. */
export function describeBug(error: unknown): string {
  if (!(error instanceof Error)) return `thrown ${typeof error}`
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '))
  return `${error.name} ${frames
    .slice(0, 4)
    .map((line) => line.trim())
    .join(' ')}`
}
