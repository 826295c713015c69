import { describe, expect, it } from 'vitest'
import { plainLimits } from '../../../test/fixtures/limits.ts'
import { answerWindowMs, type CallerPace, quietMs, slowSide, startWatch } from './caller-pace.ts'

interface Moving {
  readonly pace: CallerPace
  /** Looks each half second for `ms`, while the caller moves that many bytes a second. */
  readonly pass: (ms: number, bytesPerSecond: number) => 'body' | 'answer' | undefined
  readonly set: (change: { readonly isAwaited?: boolean; readonly waitingBytes?: number }) => void
}

function moving(side: 'body' | 'answer', isLong = false): Moving {
  const state = { isAwaited: side === 'body', readBytes: 0, waitingBytes: side === 'answer' ? 1 : 0, takenBytes: 0 }
  const pace: CallerPace = {
    watch: startWatch(),
    body: state,
    get waitingBytes() {
      return state.waitingBytes
    },
    get takenBytes() {
      return state.takenBytes
    },
    isLong,
  }
  let nowMs = 1_000_000
  return {
    pace,
    pass: (ms, bytesPerSecond) => {
      for (const endMs = nowMs + ms; nowMs <= endMs; nowMs += 500) {
        const slow = slowSide(pace, plainLimits, nowMs)
        if (slow !== undefined) return slow
        if (side === 'body') state.readBytes += bytesPerSecond / 2
        else state.takenBytes += bytesPerSecond / 2
      }
      return undefined
    },
    set: (change) => Object.assign(state, change),
  }
}

describe('S15: slow callers', () => {
  it('a body at the least speed is waited for however long it takes, one just below it ends after ten seconds', () => {
    expect(moving('body').pass(3_600_000, 1100)).toBeUndefined()
    expect(moving('body').pass(9_500, 0)).toBeUndefined()
    expect(moving('body').pass(11_000, 1000)).toBe('body')
  })

  it('a fast start buys no right to stop', () => {
    const body = moving('body')
    expect(body.pass(10_000, 1_000_000_000)).toBeUndefined()
    expect(body.pass(11_000, 0)).toBe('body')
    const answer = moving('answer')
    expect(answer.pass(10_000, 1_000_000_000)).toBeUndefined()
    expect(answer.pass(answerWindowMs(plainLimits) + 1_000, 0)).toBe('answer')
  })

  it('time counts only while the caller is waited for', () => {
    const body = moving('body')
    body.pass(9_000, 0)
    body.set({ isAwaited: false })
    expect(body.pass(3_600_000, 0)).toBeUndefined()
    body.set({ isAwaited: true })
    expect(body.pass(9_500, 0)).toBeUndefined()
    const answer = moving('answer')
    answer.pass(79_000, 0)
    answer.set({ waitingBytes: 0 })
    answer.pass(500, 0)
    answer.set({ waitingBytes: 1 })
    expect(answer.pass(79_000, 0)).toBeUndefined()
  })

  it('an answer of which nothing is taken, or a byte now and then, is cut when a piece would have been', () => {
    expect(answerWindowMs(plainLimits)).toBe(80_000)
    expect(moving('answer').pass(81_000, 0)).toBe('answer')
    expect(moving('answer').pass(81_000, 10)).toBe('answer')
    expect(moving('answer').pass(3_600_000, 1024)).toBeUndefined()
    expect(answerWindowMs({ ...plainLimits, bytesPerSecond: 1_048_576 })).toBe(10_000)
  })

  it.each(['body', 'answer'] as const)('a long %s may be slow, and silent for five minutes', (side) => {
    const long = moving(side, true)
    expect(long.pass(3_600_000, 2)).toBeUndefined()
    expect(long.pass(quietMs - 1_000, 0)).toBeUndefined()
    expect(long.pass(2_000, 0)).toBe(side)
  })
})
