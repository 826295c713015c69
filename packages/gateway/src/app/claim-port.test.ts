import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { claimPort } from './claim-port.ts'

describe('claiming a port', () => {
  it('port 0 answers a free port that can be listened on afterwards', async () => {
    const claimed = await claimPort('127.0.0.1', 0)
    expect(claimed).toMatchObject({ ok: true, value: expect.any(Number) })
    expect(await claimPort('127.0.0.1', claimed.ok ? claimed.value : 0)).toEqual(claimed)
  })

  it('a taken port is refused with address, port and a way out', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    expect(await claimPort('127.0.0.1', port)).toEqual({
      ok: false,
      error: `127.0.0.1:${port} is taken by another program; stop that one, or choose another port`,
    })
    server.close()
  })

  it('an address of another machine is refused by name', async () => {
    expect(await claimPort('192.0.2.1', 0)).toMatchObject({
      ok: false,
      error: expect.stringContaining('192.0.2.1 is not an address of this machine'),
    })
  })
})
