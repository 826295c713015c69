import { describe, expect, it } from 'vitest'
import { openAdmin, urlOf } from './admin-client.ts'

const running = { pid: 1, address: '0.0.0.0', port: 8080, adminPort: 8081, controlSocket: '/x' }

describe('finding the admin port', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:8081'],
    ['0.0.0.0', 'http://127.0.0.1:8081'],
    ['::', 'http://[::1]:8081'],
    ['::1', 'http://[::1]:8081'],
  ])('a gateway that listens on %s is reached at %s', (adminAddress, origin) => {
    const url = urlOf({ ...running, adminAddress }, 'data')
    expect(url.ok && url.value.origin).toBe(origin)
  })

  it('without a gateway, or a data directory, the sentence says what to name', () => {
    expect(urlOf(undefined, 'data')).toMatchObject({ ok: false, error: expect.stringContaining('--data') })
    expect(openAdmin({ data: '/nowhere' })).toMatchObject({ ok: false, error: expect.stringContaining('--data') })
  })
})
