import { describe, expect, it } from 'vitest'
import type { ApiPlan } from '../../src/compile/plan.ts'
import type { CutCause } from '../../src/domain/end-cause.ts'
import { judgeAgain } from '../../src/proxy/judge-again.ts'
import type { FindKeyPorts } from '../../src/proxy/steps/find-key.ts'
import { startTrail } from '../../src/proxy/trail.ts'
import { apiPlanOf, exchangeOf, headOf, routeOf, snapshotOf } from '../fixtures/requests.ts'

// A WebSocket or an event stream that began as the old configuration had it was asked about its token alone.

const noKeys: FindKeyPorts = {
  indexOf: () => {
    throw new Error('no key is needed')
  },
  remote: { get: () => undefined, refetch: () => Promise.resolve() },
}
const handshake = ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Version', '13']
const key = ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==']
const offered: Partial<ApiPlan> = { access: { kind: 'public' }, websocket: { idleTimeoutMs: 1000 } }

function judged(target: string, before: Partial<ApiPlan>, after: Partial<ApiPlan>): CutCause | undefined {
  const rawHeaders = [...handshake, ...key]
  const snapshot = snapshotOf(apiPlanOf(before))
  const trail = startTrail(exchangeOf(target, rawHeaders), snapshot, 'd')
  trail.head = headOf(target, rawHeaders)
  trail.api = snapshot.apis[0]
  const verdict = judgeAgain(trail, snapshotOf(apiPlanOf(after)), noKeys, 0)
  return verdict.ok ? undefined : verdict.error
}

describe('S16 a long connection ends when a new configuration', () => {
  it('would let it in no more: not when it would', () => {
    expect(judged('/orders/x', offered, { ...offered, cutAtExpiry: true })).toBeUndefined()
  })

  it('offers no WebSocket there', () => {
    expect(judged('/orders/x', offered, { ...offered, websocket: undefined })).toBe('configuration')
  })

  it('no longer takes its method', () => {
    expect(judged('/orders/x', offered, { ...offered, methods: ['POST'] })).toBe('configuration')
  })

  it('no longer takes the form of its path', () => {
    expect(judged('/orders/a;b', { ...offered, pathForms: 4 }, { ...offered, pathForms: 0 })).toBe('configuration')
  })

  it('asks for a token there', () => {
    const { access } = apiPlanOf()
    const closed = { ...offered, access, routes: [routeOf('/x')] }
    expect(judged('/orders/x', offered, closed)).toBe('configuration')
  })
})
