import { describe, expect, it } from 'vitest'
import { rejectSamples } from '../../test/reject-samples.ts'
import { createDecisionRing, type DecisionEntry } from './decision-ring.ts'

const day = 86_400_000

function entry(id: string, atMs: number): DecisionEntry {
  return {
    id,
    atMs,
    outcome: 'refused',
    status: 401,
    method: 'GET',
    path: '/orders',
    api: 'orders',
    application: undefined,
    generation: 1,
    reject: rejectSamples.signature_invalid,
    way: 'signed',
    upstreamAsked: true,
    token: undefined,
  }
}

describe('S23 the ring of decisions', () => {
  it('keeps refused and failed requests up to 100 a second, forwarded ones only when asked', () => {
    const ring = createDecisionRing()
    const admitted = Array.from({ length: 250 }, (_, index) =>
      ring.admits(index % 2 === 0 ? 'refused' : 'failed', false, 5000 + index),
    )
    expect(admitted.filter(Boolean)).toHaveLength(100)
    expect(ring.admits('refused', false, 6000)).toBe(true)
    expect(ring.admits('forwarded', false, 6000)).toBe(false)
    expect(Array.from({ length: 500 }, () => ring.admits('forwarded', true, 6000)).every(Boolean)).toBe(true)
  })

  it('holds the newest decisions, at most as many as it has places', () => {
    const ring = createDecisionRing(100)
    for (let number = 0; number < 1050; number++) ring.add(entry(`d${number}`, number))
    const found = Array.from({ length: 1050 }, (_, number) => ring.find(`d${number}`, 2000)?.id)
    expect(found.filter((id) => id !== undefined)).toEqual(Array.from({ length: 100 }, (_, index) => `d${950 + index}`))
  })

  it('forgets a decision 24 hours after it was made', () => {
    const ring = createDecisionRing(10)
    ring.add(entry('old', 1000))
    ring.add(entry('new', 2000))
    expect(ring.find('old', 1000 + day)?.id).toBe('old')
    expect(ring.find('old', 1001 + day)).toBeUndefined()
    expect(ring.find('new', 1001 + day)?.id).toBe('new')
    // Also for a clock that was set back: what is forgotten stays forgotten.
    expect(ring.find('old', 1000)).toBeUndefined()
  })

  it('holds no more of a text than a reader is ever shown', () => {
    const ring = createDecisionRing(10)
    const long = 'x'.repeat(100_000)
    ring.add({
      ...entry('long', 1),
      method: long,
      path: long,
      reject: { reason: 'key_unknown', kid: long, rule: 'issuers.acme.keys' },
    })
    expect(JSON.stringify(ring.find('long', 1)).length).toBeLessThan(2500)
  })
})
