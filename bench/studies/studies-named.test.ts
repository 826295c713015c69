import { expect, it } from 'vitest'
import { targetStudies } from '../targets.ts'
import { studiesNamed } from './studies-named.ts'

it('every study the table of targets needs is there', () => {
  expect(studiesNamed(targetStudies)).toHaveLength(targetStudies.length)
})

it('a name that is none is said to be none', () => {
  expect(() => studiesNamed(['loads', 'lods'])).toThrow(/no study lods; there are .*loads/)
})
