import { describe, expect, it } from 'vitest'
import { readStartFlags } from './start-flags.ts'

describe('the flags of start', () => {
  it('without any are the demo, drained in 30 s after 1 s of grace', () => {
    expect(readStartFlags([])).toMatchObject({
      config: undefined,
      port: undefined,
      dataDir: './jotgate-data',
      drainMs: 30_000,
      graceMs: 1000,
      allowEnv: [],
      secretsDir: undefined,
      http1: 'own',
    })
  })

  it('are read in every spelling', () => {
    const spelled = ['-cj.yaml', '--port=0', '--admin-port', '9', '--workers', '2', '--log', 'json', '--drain', '5s']
    const names = ['--allow-env', 'A', '--allow-env=B', '--secrets-dir', '/s', '--address', '::1', '--grace=0']
    expect(readStartFlags([...spelled, ...names])).toEqual({
      config: 'j.yaml',
      address: '::1',
      port: 0,
      adminAddress: undefined,
      adminPort: 9,
      workers: 2,
      dataDir: './jotgate-data',
      logFormat: 'json',
      drainMs: 5000,
      graceMs: 0,
      allowEnv: ['A', 'B'],
      secretsDir: '/s',
      http1: 'own',
    })
  })

  it.each([
    ['--help'],
    ['-h'],
    ['--nonsense'],
    ['more'],
    ['--port'],
    ['--port', '65536'],
    ['--port', '0x1'],
    ['--workers', '0'],
    ['--workers', '257'],
    ['--log', 'xml'],
    ['--drain', '-1'],
    ['--grace', '1.5'],
    ['--config', '--port'],
  ])('what commander has to answer is left to it: %s %s', (...args) => {
    expect(readStartFlags(args.filter((arg) => arg !== undefined))).toBeUndefined()
  })
})
