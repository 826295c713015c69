import { describe, expect, it } from 'vitest'
import { viaHolds } from './via.ts'

describe('S14 a pseudonym in Via', () => {
  it.each([
    ['1.1 jotgate-0a1b2c3d', true],
    ['1.0 fred, 1.1 jotgate-0a1b2c3d (Jotgate), 2 p.example.net', true],
    ['HTTP/1.1 JOTGATE-0A1B2C3D:8080', true],
    ['1.1 jotgate-0a1b2c3d-2, 1.1 jotgate-0a1b2c3d', true],
    ['1.1 fred,1.1 jotgate-0a1b2c3d,1.1 nice', true],
    ['1.1 jotgate-0a1b2c3d2', false],
    ['1.1 my-jotgate-0a1b2c3d', false],
    ['1.1 jotgate-0a1b2c3d.example', false],
    ['1.1 jotgate', false],
    ['', false],
  ])('of %j is found: %s', (via, found) => {
    expect(viaHolds(via, 'jotgate-0a1b2c3d')).toBe(found)
  })
})
