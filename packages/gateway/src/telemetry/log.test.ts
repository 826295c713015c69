import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLog, type Log, type LogFields, logLineBytesMax } from './log.ts'

function logTo(lines: string[], format: 'json' | 'pretty', colour = false): Log {
  return createLog({
    format,
    write: (text) => lines.push(text),
    nowMs: () => 1_795_435_384_567,
    process: 'control',
    colour,
  })
}

describe('S23 operational log', () => {
  it('writes one JSON object a line, with time, level, process, event and the fields', () => {
    const lines: string[] = []
    logTo(lines, 'json').warn('config_refused', { file: 'a "b".yaml', problems: 2, live: false, hint: undefined })
    expect(lines).toEqual([
      '{"time":"2026-11-23T12:03:04.567Z","level":"warn","process":"control","event":"config_refused","file":"a \\"b\\".yaml","problems":2,"live":false}\n',
    ])
  })

  it('writes a readable line, in colour only when told to', () => {
    const lines: string[] = []
    logTo(lines, 'pretty').info('config_live', { generation: 3, file: 'my jotgate.yaml' })
    logTo(lines, 'pretty', true).error('worker_died', { worker: 1 })
    expect(lines[0]).toMatch(/^\d\d:03:04\.567 info {2}control {4}config_live generation=3 file="my jotgate\.yaml"\n$/)
    expect(lines[1]).toContain('\u001b[31merror\u001b[0m')
  })

  it('shows no text under a name that promises a credential, even when the types were evaded', () => {
    const names = [
      'token',
      'accessToken',
      'client_secret',
      'Authorization',
      'set-cookie',
      'privateKey',
      'password',
      'jwt',
    ]
    for (const format of ['json', 'pretty'] as const) {
      const lines: string[] = []
      // The cast is the evasion under test.
      for (const name of names) logTo(lines, format).info('x', { [name]: 'canary-5d1f' } as unknown as LogFields)
      expect(lines).toHaveLength(names.length)
      expect(lines.join('')).not.toContain('canary')
    }
  })

  it('does not compile with a credential under its name, and takes numbers there', () => {
    const log = logTo([], 'json')
    // @ts-expect-error a text named accessToken
    log.info('x', { accessToken: 'secret text' })
    // @ts-expect-error an object could hold anything
    log.info('x', { claims: { sub: 'x' } })
    log.info('jwks_fetched', { issuer: 'acme', keys: 3 })
  })

  it('never lets a value break its line, colour it or grow it beyond what a pipe takes in one piece', () => {
    const fields = fc.dictionary(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.string({ unit: 'binary', maxLength: 700 }),
      {
        maxKeys: 12,
      },
    )
    fc.assert(
      fc.property(fields, fc.constantFrom('json' as const, 'pretty' as const), (values, format) => {
        const lines: string[] = []
        // Names are anything here, so the types cannot follow; the check at run time is what is tested.
        logTo(lines, format).info('event', values as unknown as LogFields)
        const line = lines[0] ?? ''
        expect(line.indexOf('\n')).toBe(line.length - 1)
        expect(line.slice(0, -1)).not.toMatch(/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u)
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(logLineBytesMax)
        if (format === 'json') expect(JSON.parse(line)).toMatchObject({ event: 'event', level: 'info' })
      }),
    )
  })
})
