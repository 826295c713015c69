import { afterEach, describe, expect, it } from 'vitest'
import { startControl } from './control-slot.ts'

const { execPath } = process

afterEach(() => {
  process.execPath = execPath
})

describe('S22 the slot of the control process', () => {
  it('a first control process that cannot be forked ends the start instead of leaving it to wait', async () => {
    process.execPath = '/nonexistent/node'
    const slot = startControl({
      entry: '/nonexistent/control.js',
      environment: {},
      forControl: {} as Parameters<typeof startControl>[0]['forControl'], // never read: nothing starts
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    })
    expect(await slot.loaded).toBeUndefined()
    slot.stop()
  })
})
