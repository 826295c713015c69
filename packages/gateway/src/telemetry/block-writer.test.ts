import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { createBlockWriter } from './block-writer.ts'

const folder = mkdtempSync(join(tmpdir(), 'block-writer-'))
afterAll(() => rmSync(folder, { recursive: true }))

let fifoCount = 0

/** A named pipe with both ends open; the reading end never blocks. */
function openFifo(): { path: string; readFd: number; writeFd: number } {
  const path = join(folder, `fifo-${fifoCount++}`)
  execFileSync('mkfifo', [path])
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return { path, readFd, writeFd: openSync(path, constants.O_WRONLY) }
}

/** What waits in a pipe right now. */
function drain(readFd: number): string {
  const buffer = Buffer.alloc(1_048_576)
  let text = ''
  for (;;) {
    try {
      const length = readSync(readFd, buffer)
      if (length === 0) return text
      text += buffer.toString('latin1', 0, length)
    } catch {
      return text
    }
  }
}

function line(number: number): string {
  return `line ${number} ${'x'.repeat(200)} end\n`
}

const wholeLine = /^line \d+ x{200} end$/

describe('S23 a block writer', () => {
  it('writes every line once, in order, and all of them before it is closed', async () => {
    const path = join(folder, 'plain.log')
    const writer = createBlockWriter(openSync(path, 'w'))
    const lines = Array.from({ length: 5000 }, (_, number) => line(number))
    for (const text of lines) expect(writer.write(text)).toBe(true)
    await writer.close(10_000)
    expect(readFileSync(path, 'latin1')).toBe(lines.join(''))
    expect(writer.dropped()).toBe(0)
  })

  it('writes a lone line without being asked again', async () => {
    const path = join(folder, 'lone.log')
    const writer = createBlockWriter(openSync(path, 'w'))
    writer.write('only\n')
    await vi.waitFor(() => expect(readFileSync(path, 'latin1')).toBe('only\n'), 5000)
    await writer.close(1000)
  })

  it('holds a bounded buffer while the reader stalls, counts what it drops, and goes on when the reader does', async () => {
    const { readFd, writeFd } = openFifo()
    const writer = createBlockWriter(writeFd, 1_048_576)
    let taken = 0
    for (let number = 0; number < 40_000; number++) {
      if (writer.write(line(number))) taken++
      if (number % 1000 === 0) await new Promise(setImmediate)
      expect(writer.waiting()).toBeLessThanOrEqual(1_048_576)
    }
    expect(taken).toBeLessThan(10_000)
    expect(writer.dropped()).toBe(40_000 - taken)

    let text = ''
    await vi.waitFor(
      () => {
        text += drain(readFd)
        expect(writer.waiting()).toBe(0)
      },
      { timeout: 20_000, interval: 5 },
    )
    text += drain(readFd)
    const lines = text.trimEnd().split('\n')
    expect(lines).toHaveLength(taken)
    expect(lines.every((read) => wholeLine.test(read))).toBe(true)
    expect(writer.write(line(40_001))).toBe(true)
    await writer.close(5000)
    expect(drain(readFd)).toBe(line(40_001))
  })

  it('survives a reader that leaves, and serves the next one', async () => {
    const { path, readFd, writeFd } = openFifo()
    const writer = createBlockWriter(writeFd, 100_000)
    closeSync(readFd)
    for (let number = 0; number < 1000; number++) writer.write(line(number))
    expect(writer.dropped()).toBeGreaterThan(0)
    // Time for a write to fail: it leaves nothing to be seen from outside.
    await new Promise((resolve) => setTimeout(resolve, 150))

    const nextReader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    let text = ''
    await vi.waitFor(
      () => {
        text += drain(nextReader)
        expect(writer.waiting()).toBe(0)
      },
      { timeout: 10_000, interval: 5 },
    )
    expect(
      (text + drain(nextReader))
        .trimEnd()
        .split('\n')
        .every((read) => wholeLine.test(read)),
    ).toBe(true)
    await writer.close(1000)
  })

  it('survives a full disk with every line counted', async () => {
    const writer = createBlockWriter(openSync('/dev/full', 'w'), 100_000)
    for (let number = 0; number < 1000; number++) writer.write(line(number))
    const started = performance.now()
    await writer.close(200)
    expect(performance.now() - started).toBeLessThan(5000)
    expect(writer.dropped()).toBe(1000)
    expect(writer.waiting()).toBe(0)
  })

  it('drops a line too long for one piece of a pipe instead of mixing it with others', async () => {
    const { readFd, writeFd } = openFifo()
    const writer = createBlockWriter(writeFd)
    for (const text of [`${'a'.repeat(5000)}\n`, 'one\n', `${'b'.repeat(9000)}\n`, 'two\n', `${'c'.repeat(4096)}\n`]) {
      writer.write(text)
    }
    await writer.close(5000)
    expect(drain(readFd)).toBe('one\ntwo\n')
    expect(writer.dropped()).toBe(3)
  })
})

const writerUrl = new URL('./block-writer.ts', import.meta.url).href
const root = fileURLToPath(new URL('../../../../', import.meta.url))

/** A process that writes numbered lines of varying length to its standard output. */
function writerScript(name: string, count: number, closeMs: number): string {
  return `
    const { createBlockWriter } = await import(${JSON.stringify(writerUrl)})
    const writer = createBlockWriter(1)
    for (let number = 0; number < ${count}; number++) {
      writer.write('${name} ' + number + ' ' + '${name}'.repeat(50 + number % 200) + ' end\\n')
      if (number % 500 === 0) await new Promise(setImmediate)
    }
    await writer.close(${closeMs})
    process.exit(writer.dropped() === 0 ? 0 : 3)`
}

function nodeArguments(script: string): readonly string[] {
  return ['--import', 'tsx', '--input-type=module', '-e', script]
}

describe('S23 block writers in processes of their own', () => {
  it('share one pipe without mixing their lines', async () => {
    const names = ['A', 'B', 'C']
    const { path, readFd } = openFifo()
    const children = names.map((name) =>
      spawn(process.execPath, nodeArguments(writerScript(name, 4000, 20_000)), {
        cwd: root,
        stdio: ['ignore', openSync(path, constants.O_WRONLY), 'inherit'],
      }),
    )
    let text = ''
    const reading = setInterval(() => {
      text += drain(readFd)
    }, 2)
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]))
    clearInterval(reading)
    text += drain(readFd)
    expect(codes).toEqual([0, 0, 0])
    const lines = text.trimEnd().split('\n')
    expect(lines).toHaveLength(12_000)
    expect(lines.filter((read) => !/^([A-C]) \d+ \1+ end$/.test(read))).toEqual([])
  })

  it.each(['pipe', 'socket'])('end in time although the reader of their %s stalls', async (kind) => {
    const fifo = openFifo()
    const child = spawn(process.execPath, nodeArguments(writerScript('A', 20_000, 300)), {
      cwd: root,
      stdio: ['ignore', kind === 'pipe' ? fifo.writeFd : 'pipe', 'inherit'],
    })
    child.stdout?.pause()
    const [code] = await once(child, 'exit')
    expect(code).toBe(3)
    child.stdout?.destroy()
  })

  it('write every line to a socket', async () => {
    const child = spawn(process.execPath, nodeArguments(writerScript('A', 4000, 20_000)), {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
    })
    const [code] = await once(child, 'close')
    expect(code).toBe(0)
    const lines = text.trimEnd().split('\n')
    expect(lines).toHaveLength(4000)
    expect(lines.filter((read) => !/^A \d+ A+ end$/.test(read))).toEqual([])
  })
})
