import { type Config, config } from '@jotgate/contract'
import { describe, expect, it } from 'vitest'
import { keepPlaces, placeOf } from './keep-places.ts'

const tls = { certificates: [{ certificate: 'c', privateKey: 'k' }] }

function configOf(listeners: readonly object[], admin: object = {}): Config {
  return config.parse({ version: 1, apis: {}, gateway: { listeners, admin } })
}

const running = configOf([
  { port: 8080, publicUrl: 'https://a.example' },
  { port: 8443, tls },
])
const places = running.gateway.listeners.map(placeOf)

describe('S21 where a gateway listens is settled at its start', () => {
  it('new certificates and public URLs of the listeners there are go into force, without a word', () => {
    const wanted = configOf([
      { port: 8080, publicUrl: 'https://b.example' },
      { port: 8443, tls: { ...tls, http2: false } },
    ])
    expect(keepPlaces(wanted, { listeners: places, current: running })).toEqual({
      ok: true,
      value: { config: wanted, warnings: [] },
    })
  })

  it.each([
    ['another port', [{ port: 9090 }, { port: 8443, tls }], ['gateway.listeners[0]', 'gateway.listeners']],
    ['one more', [{ port: 8080 }, { port: 8443, tls }, { port: 9443, tls }], ['gateway.listeners[2]']],
    ['one less', [{ port: 8443, tls }], ['gateway.listeners']],
    [
      'TLS where there was none',
      [
        { port: 8080, tls },
        { port: 8443, tls },
      ],
      ['gateway.listeners[0]', 'gateway.listeners'],
    ],
  ])('%s is said at its place with a way out, and the listeners stay as they were', (_name, listeners, paths) => {
    const kept = keepPlaces(configOf(listeners), { listeners: places, current: running })
    if (!kept.ok) throw new Error('refused')
    expect(kept.value.config.gateway.listeners.map(placeOf)).toEqual(places)
    expect(kept.value.warnings.map(({ path, code, severity }) => ({ path, code, severity }))).toEqual(
      paths.map((path) => ({ path, code: 'restart_needed', severity: 'warning' })),
    )
    for (const { hint } of kept.value.warnings) expect(hint).toContain('restart')
  })

  it('a removed listener does not hand its certificates to its neighbour', () => {
    const kept = keepPlaces(configOf([{ port: 8443, tls: { ...tls, minVersion: '1.3' } }]), {
      listeners: places,
      current: running,
    })
    expect(kept).toMatchObject({
      value: {
        config: { gateway: { listeners: [{ publicUrl: 'https://a.example' }, { tls: { minVersion: '1.3' } }] } },
      },
    })
  })

  it('another admin port is said too', () => {
    const kept = keepPlaces(configOf([{ port: 8080 }, { port: 8443, tls }], { port: 9999 }), {
      listeners: places,
      current: running,
    })
    expect(kept).toMatchObject({
      value: { config: { gateway: { admin: { port: 8081 } } }, warnings: [{ path: 'gateway.admin' }] },
    })
  })

  it('is refused by a process that does not know how a listener was described', () => {
    expect(keepPlaces(configOf([{ port: 9090 }]), { listeners: places, current: undefined })).toMatchObject({
      ok: false,
      error: [{ severity: 'error' }, { severity: 'error' }, { severity: 'error' }],
    })
  })
})
