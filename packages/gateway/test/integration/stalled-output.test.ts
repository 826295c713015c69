import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { cleanUp, makeFolder, send, until } from './gateway-process.ts'

afterEach(cleanUp)

const entry = fileURLToPath(new URL('../../bin/jotgate.js', import.meta.url))
const filler = `${'-'.repeat(1023)}\n`

it('a reader of standard output that stalls holds nothing up, and finds whole lines when it comes back', async () => {
  const folder = makeFolder()
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const end = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
  const fill = (): void => {
    try {
      for (;;) writeSync(end, filler)
    } catch {
      // Full.
    }
  }
  fill()
  const given = openSync(pipe, 'w')
  const flags = ['--port', '0', '--admin-port', '0', '--workers', '2', '--grace', '0', '--log', 'json']
  const child = spawn(process.execPath, [entry, 'start', ...flags, '--data', join(folder, 'data')], {
    stdio: ['ignore', given, 'ignore'],
  })
  closeSync(given)
  const exited = new Promise((resolve) => child.on('exit', resolve))

  const running = await until(() => {
    try {
      return JSON.parse(readFileSync(join(folder, 'data', 'gateway.json'), 'utf8')) as { port: number }
    } catch {
      return undefined
    }
  })
  for (let count = 0; count < 200; count += 1) {
    expect((await send(`http://127.0.0.1:${running.port}/demo/x`)).status).toBe(401)
  }

  let text = ''
  const buffer = Buffer.alloc(65_536)
  const readOn = (): void => {
    try {
      for (let read = readSync(end, buffer); read > 0; read = readSync(end, buffer))
        text += buffer.toString('latin1', 0, read)
    } catch {
      // Empty.
    }
  }
  const lines = (): readonly string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith('---'))
  const events = (): readonly unknown[] => lines().map((line) => (JSON.parse(line) as { event?: string }).event)
  await until(() => {
    readOn()
    const decisions = lines().filter((line) => line.includes('"decision"')).length
    return text.endsWith('\n') && decisions === 200 && events().includes('demo')
  })
  expect(events().filter((event) => event === 'ready')).toHaveLength(1)
  expect(events().filter((event) => event === 'demo')).toHaveLength(1)

  fill()
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
  closeSync(end)
})
