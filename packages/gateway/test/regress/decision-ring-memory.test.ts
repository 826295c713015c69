import { describe, expect, it } from 'vitest'
import { parseJsonObject } from '../../src/domain/parse-json-object.ts'
import { createDecisionRing } from '../../src/telemetry/decision-ring.ts'
import { summariseToken } from '../../src/telemetry/summarise-token.ts'
import { rejectSamples } from '../reject-samples.ts'

/** The dearest unsigned token within 8 KiB: names of control characters, each six characters once escaped. */
function dearestClaims(number: number) {
  const members = Array.from({ length: 64 }, (_, at) => `"${at}-${number}${'\x7f'.repeat(80)}":1`)
  const parsed = parseJsonObject(Buffer.from(`{${members}}`), { depthMax: 16, membersMax: 256 })
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

describe('S23 the ring of decisions holds bounded memory, whatever callers send', () => {
  it('pushes out the oldest when tokens with long names would fill it', () => {
    const ring = createDecisionRing()
    for (let number = 0; number < 2_000; number++) {
      ring.add({
        id: `d${number}`,
        atMs: number,
        outcome: 'refused',
        status: 401,
        method: 'GET',
        path: '/orders',
        api: 'orders',
        application: undefined,
        generation: 1,
        reject: rejectSamples.issuer_untrusted,
        way: 'signed',
        upstreamAsked: true,
        token: summariseToken({}, dearestClaims(number), false),
      })
    }
    const kept = Array.from({ length: 2_000 }, (_, number) => ring.find(`d${number}`, 2_000)).filter(
      (entry) => entry !== undefined,
    )
    const characters = kept.reduce(
      (sum, { token }) => sum + Object.keys(token?.claims ?? {}).reduce((length, name) => length + name.length, 0),
      0,
    )
    expect(characters).toBeLessThan(16 << 20)
    expect(kept.length).toBeGreaterThan(100)
    expect(kept.at(-1)?.id).toBe('d1999')
  })
})
