import { randomFillSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createDecisionIds, parseDecisionId } from './decision-id.ts'

describe('decision ids', () => {
  it('never repeat, and name the worker that made them', () => {
    const next = createDecisionIds(randomFillSync, 3)
    const ids = Array.from({ length: 10_000 }, next)
    expect(new Set(ids).size).toBe(10_000)
    expect(ids.every((id) => /^[0-9a-f]{32}-3$/.test(id))).toBe(true)
    expect(parseDecisionId(ids[0] ?? '')).toEqual({ worker: 3 })
  })

  it('carry every random bit', () => {
    const next = createDecisionIds((buffer) => buffer.fill(0xa5), 0)
    expect(next()).toBe(`${'a5'.repeat(16)}-0`)
  })

  it('are told from anything else', () => {
    const hex = 'a5'.repeat(16)
    for (const text of [
      '',
      hex,
      `${hex}-`,
      `${hex}-01`,
      `${hex}-12345`,
      `${hex}-1\n`,
      `${hex.toUpperCase()}-1`,
      `x${hex}-1`,
    ]) {
      expect(parseDecisionId(text), text).toBeUndefined()
    }
    expect(parseDecisionId(`${hex}-0`)).toEqual({ worker: 0 })
  })
})
