import { describe, expect, it } from 'vitest'
import { cases } from '../cases.ts'
import { sidePlans } from './side-plans.ts'

function namesOf(name: string): string[] {
  const found = cases.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no case ${name}`)
  return sidePlans(found).map((plan) => plan.name)
}

describe('the sides of a round', () => {
  it('are A B B A', () => {
    expect(namesOf('warm')).toEqual(['jotgate', 'haproxy', 'haproxy', 'jotgate'])
    expect(namesOf('jwks-healthy')).toEqual(['jotgate', 'own', 'own', 'jotgate'])
  })

  it('have what is printed beside them in the middle', () => {
    expect(namesOf('public')).toEqual(['jotgate', 'haproxy', 'nginx', 'haproxy', 'jotgate'])
    expect(namesOf('http2')).toEqual(['jotgate', 'own', 'haproxy', 'own', 'jotgate'])
  })

  it('are Jotgate alone where HAProxy cannot do the work', () => {
    expect(namesOf('warm-eddsa')).toEqual(['jotgate', 'jotgate'])
  })

  it('differ in the one dimension the comparison is about', () => {
    for (const benchCase of cases.filter(({ against }) => against === 'own-http1' || against === 'own-static-key')) {
      const other = sidePlans(benchCase).find(({ name }) => name === 'own')?.benchCase
      expect(other).toBeDefined()
      const { transport, keys } = benchCase
      expect([other?.transport, other?.keys]).toEqual(
        benchCase.against === 'own-http1' ? ['https', keys] : [transport, 'static'],
      )
      expect(other?.secondsMin).toBe(benchCase.secondsMin)
    }
  })

  it('are never compared where HAProxy has no such algorithm', () => {
    for (const { kind, against } of cases) expect(kind.algorithm === 'EdDSA').toBe(against === 'nothing')
  })
})
