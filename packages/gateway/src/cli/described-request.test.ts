import { describe, expect, it } from 'vitest'
import { describeRequest } from './described-request.ts'
import { openTerminal } from './terminal.ts'

const flags = { method: 'get', path: '/a?b=c', host: 'localhost', header: [], peer: '127.0.0.1' }

describe('a request described on the command line', () => {
  it('has one Host, its headers in order, and the token as bearer', async () => {
    const request = await describeRequest({ ...flags, header: ['X-A: 1: 2'], token: 'Bearer t' }, openTerminal())
    expect(request).toEqual({
      ok: true,
      value: {
        method: 'GET',
        target: '/a?b=c',
        rawHeaders: ['Host', 'localhost', 'X-A', '1: 2', 'Authorization', 'Bearer t'],
        peer: '127.0.0.1',
      },
    })
  })

  it('a Host of its own replaces the default one', async () => {
    const request = await describeRequest({ ...flags, header: ['host: api.example.com'] }, openTerminal())
    expect(request).toMatchObject({ value: { rawHeaders: ['host', 'api.example.com'] } })
  })

  it('what is no header or no path is refused with the form it should have', async () => {
    expect(await describeRequest({ ...flags, header: ['nonsense'] }, openTerminal())).toMatchObject({ ok: false })
    expect(await describeRequest({ ...flags, path: 'orders' }, openTerminal())).toMatchObject({ ok: false })
    expect(await describeRequest({ ...flags, method: 'GET /' }, openTerminal())).toMatchObject({ ok: false })
    expect(await describeRequest({ ...flags, peer: 'localhost' }, openTerminal())).toMatchObject({ ok: false })
  })
})
