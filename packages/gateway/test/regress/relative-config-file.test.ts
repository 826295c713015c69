import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { send, until } from '../integration/gateway-process.ts'

const bin = fileURLToPath(new URL('../../bin/jotgate.js', import.meta.url))
const text = `version: 1
issuers:
  acme: { issuer: "https://id.example.com", keys: { sharedSecret: "\${env:JOTGATE_SECRET}" }, audiences: [a] }
apis:
  orders:
    upstream: { targets: ["http://127.0.0.1:9"] }
    access: { issuers: [acme] }
`
let folder = ''
let stop = (): void => undefined

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jotgate-relative-'))
  writeFileSync(join(folder, 'jotgate.yaml'), text)
})
afterAll(() => {
  stop()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

it('a decision names the configuration file so that it is found from any directory', async () => {
  const flags = ['--config', 'jotgate.yaml', '--data', 'data', '--port', '0', '--admin-port', '0', '--workers', '1']
  const env = { ...process.env, JOTGATE_SECRET: 'p7Vd2mXq9LkT4wZs8RbN6yHc3FgJ5aEu' }
  const child = spawn(process.execPath, [bin, 'start', ...flags, '--log', 'json'], { cwd: folder, env })
  stop = () => void child.kill('SIGKILL')
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    out += part
  })
  const ready = await until(() => /^\{.*"event":"ready".*\}$/m.exec(out)?.[0])
  const { port, adminPort } = JSON.parse(ready) as { port: number; adminPort: number }

  const missing = await send(`http://127.0.0.1:${port}/`)
  const decision = await send(`http://127.0.0.1:${adminPort}/decisions/${missing.headers['jotgate-decision']}`, {
    headers: { Authorization: `Bearer ${readFileSync(join(folder, 'data', 'admin-token'), 'utf8').trim()}` },
  })
  expect(JSON.parse(decision.body).rule).toMatchObject({ file: join(folder, 'jotgate.yaml') })
})
