import { afterEach, expect, it } from 'vitest'
import { cleanUp, makeFolder, send, startGateway, until } from '../integration/gateway-process.ts'

afterEach(cleanUp)

it('the demo answers again after its control process, which runs the echo API, was killed', async () => {
  const gateway = await startGateway({ folder: makeFolder() })
  const line = await until(() => /^\{.*"event":"demo".*\}$/m.exec(gateway.output())?.[0])
  const { accepted } = JSON.parse(line) as { accepted: string }
  const Authorization = /Authorization: (Bearer [^']+)/.exec(accepted)?.[1] ?? ''
  const { pid } = await gateway.status()
  process.kill(pid, 'SIGKILL')
  await until(async () => {
    const next = await gateway.status().catch(() => undefined)
    return next !== undefined && next.pid !== pid && next.workers.length > 0
  })
  const answer = await send(`${gateway.url}/demo/hello`, { headers: { Authorization } })
  expect(answer.status).toBe(200)
})
