import { describe, expect, it } from 'vitest'
import type { ConfigObject } from '../../compile/plan.ts'
import { type ManifestEntry, objectKey, sliceLength } from '../channel/messages.ts'
import { createAssembly } from './assembly.ts'

/** Only name and hash matter here. */
function objects(count: number, hash: string): readonly ConfigObject[] {
  return Array.from({ length: count }, (_, index) => ({ kind: 'api', id: `a${index}`, hash }) as ConfigObject)
}

function entries(list: readonly ConfigObject[]): readonly ManifestEntry[] {
  return list.map((object) => [objectKey(object), object.hash])
}

describe('the assembly of a generation', () => {
  it('asks for what is missing a slice at a time, whatever comes in between and in which order', () => {
    const assembly = createAssembly()
    const all = objects(3 * sliceLength, 'one')
    assembly.manifest(true, entries(all))
    expect(assembly.missing()).toEqual(all.slice(0, sliceLength).map(objectKey))
    // The middle comes first, then every second of the rest.
    assembly.take(all.slice(sliceLength, 2 * sliceLength))
    assembly.take(all.filter((_, index) => index % 2 === 0))
    const odd = all.filter((_, index) => index % 2 === 1 && Math.floor(index / sliceLength) !== 1)
    expect(assembly.missing()).toEqual(odd.slice(0, sliceLength).map(objectKey))
    expect(assembly.objects()).toBeUndefined()
    assembly.take(odd)
    expect(assembly.missing()).toEqual([])
    expect(assembly.objects()).toEqual(all)
  })

  it('begins anew with the next list: what changed is missing, what did not is not', () => {
    const assembly = createAssembly()
    const old = objects(4, 'one')
    assembly.manifest(true, entries(old))
    assembly.take(old)
    expect(assembly.missing()).toEqual([])
    assembly.keep()
    const [first, second, ...rest] = old
    if (first === undefined || second === undefined) throw new Error('there are four')
    const next = [{ ...first, hash: 'two' }, second, ...rest]
    assembly.manifest(true, entries(next))
    expect(assembly.missing()).toEqual(['api/a0'])
    // An unfinished list is dropped.
    assembly.manifest(true, entries(old))
    expect(assembly.missing()).toEqual([])
    expect(assembly.objects()).toEqual(old)
  })
})
