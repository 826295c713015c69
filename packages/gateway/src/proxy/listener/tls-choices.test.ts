import { describe, expect, it } from 'vitest'
import type { CertificatePlan } from '../../compile/plan.ts'
import { chooseByName } from '../../domain/server-names.ts'
import { chooseCertificates } from './tls-choices.ts'

function planOf(keyType: string, ...names: readonly string[]): CertificatePlan {
  return { keyType, names, notAfterMs: 0, chain: '', privateKey: '' }
}

describe('certificates are put together by name', () => {
  const { choices, names } = chooseCertificates([
    planOf('ec', 'a.example', 'b.example'),
    planOf('rsa', 'a.example', '*.c.example'),
    planOf('ec', 'b.example', '*.c.example', 'd.example'),
    planOf('rsa-pss', 'a.example', 'e.example'),
  ])
  const shown = (name: string): readonly number[] | undefined => choices[chooseByName(names, name) ?? -1]

  it.each([
    ['a.example', [0, 1]],
    ['b.example', [0]],
    ['x.c.example', [1, 2]],
    ['d.example', [2]],
    ['e.example', [3]],
    ['f.example', undefined],
  ])('%s is answered with %j: the first of each key family', (name, expected) => {
    expect(shown(name)).toEqual(expected)
  })

  it('everybody else is answered with the first one', () => {
    expect(choices[0]).toEqual([0, 1])
    expect(chooseCertificates([planOf('ec'), planOf('ec', 'a.example')]).choices).toEqual([[0], [1]])
  })
})
