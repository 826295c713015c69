import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { freePorts } from '../support/free-ports.ts'

const script = fileURLToPath(new URL('../../../../examples/own-keys/run.sh', import.meta.url))

it('examples/own-keys does what its page says', { timeout: 60_000 }, async () => {
  const [port, adminPort, apiPort] = (await freePorts(3)).map(String)
  const env = { ...process.env, PORT: port, ADMIN_PORT: adminPort, API_PORT: apiPort }
  const { stdout } = await promisify(execFile)('bash', [script], { timeout: 55_000, env })
  expect(stdout).toMatch(/With a token:\n200 \{"path":"\/orders\/17","user":"alice"\}/)
  expect(stdout).toMatch(/Without one:\n401 \{.*"code":"token_missing"/)
  expect(stdout).toMatch(/does not have:\n403 \{.*"code":"scope_missing"/)
})
