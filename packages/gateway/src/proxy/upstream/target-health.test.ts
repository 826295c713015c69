import { describe, expect, it } from 'vitest'
import { TargetHealth } from './target-health.ts'

function healthAt(over: { mayEject?: () => boolean; failures?: number } = {}) {
  let now = 1000
  const told: string[] = []
  const health = new TargetHealth({
    nowMs: () => now,
    settings: () => ({ failures: over.failures ?? 3, ejectMs: 500, ejectMsMax: 3000 }),
    mayEject: over.mayEject ?? (() => true),
    ejected: (forMs, fault) => told.push(`${forMs} ${fault}`),
    returned: () => told.push('returned'),
  })
  return {
    health,
    told,
    pass: (ms: number) => {
      now += ms
    },
  }
}

describe('S14: a target that fails is passed over', () => {
  it('after as many faulty answers in a row as configured, not for fewer', () => {
    const { health, told } = healthAt()
    health.answerFailed('reset')
    health.answerFailed('reset')
    health.answered()
    health.answerFailed('reset')
    health.answerFailed('reset')
    expect(health.ejectedUntilMs).toBe(0)
    health.answerFailed('timeout')
    expect(told).toEqual(['500 timeout'])
    expect(health.ejectedUntilMs).toBe(1500)
  })

  it('at once when it takes no connection', () => {
    const { health, told } = healthAt()
    health.connectFailed('ECONNREFUSED')
    expect(told).toEqual(['500 ECONNREFUSED'])
  })

  it('for a time that doubles up to its bound while its first answer fails again', () => {
    const { health, told, pass } = healthAt()
    health.connectFailed('a')
    for (let i = 0; i < 5; i++) {
      pass(3000)
      health.answerFailed('b')
    }
    expect(told).toEqual(['500 a', '1000 b', '2000 b', '3000 b', '3000 b', '3000 b'])
  })

  it('once, however many requests fail together', () => {
    const { health, told } = healthAt({ failures: 1 })
    for (let i = 0; i < 10; i++) health.answerFailed('x')
    expect(told).toEqual(['500 x'])
  })

  it('and returns with its first whole answer after that time, not with one begun before', () => {
    const { health, told, pass } = healthAt({ failures: 1 })
    health.answerFailed('x')
    health.answered()
    expect(health.ejectedUntilMs).toBe(1500)
    pass(500)
    health.answered()
    expect(told).toEqual(['500 x', 'returned'])
    health.answerFailed('x')
    expect(told.at(-1)).toBe('500 x')
  })

  it('a connect that works ends what failed connects began, not what answers began', () => {
    const refused = healthAt()
    refused.health.connectFailed('ECONNREFUSED')
    refused.health.connected()
    expect(refused.told).toEqual(['500 ECONNREFUSED', 'returned'])
    const faulty = healthAt({ failures: 1 })
    faulty.health.answerFailed('x')
    faulty.health.connected()
    expect(faulty.health.ejectedUntilMs).toBe(1500)
  })

  it('never when no other is left', () => {
    const { health, told } = healthAt({ mayEject: () => false, failures: 1 })
    health.answerFailed('x')
    health.connectFailed('y')
    expect(told).toEqual([])
    expect(health.ejectedUntilMs).toBe(0)
  })
})
