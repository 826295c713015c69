import { studies } from './studies.ts'
import type { Study } from './study.ts'

/** By name, in the order of the table; `all` is every one. Throws for a name that is none. */
export function studiesNamed(names: readonly string[]): readonly Study[] {
  const unknown = names.filter((name) => name !== 'all' && !studies.some((study) => study.name === name))
  if (unknown.length > 0) {
    throw new Error(`there is no study ${unknown.join(', ')}; there are ${studies.map(({ name }) => name).join(', ')}`)
  }
  return studies.filter(({ name }) => names.includes('all') || names.includes(name))
}
