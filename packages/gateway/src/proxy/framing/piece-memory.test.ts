import { describe, expect, it } from 'vitest'
import { PieceMemory } from './piece-memory.ts'

describe('memory for pieces of bodies', () => {
  it.each([4096, 8192, 8193, 65_536])('what is given back is what the next piece of %i bytes gets', (bytes) => {
    const memory = new PieceMemory()
    const first = memory.take(bytes)
    expect(first.length).toBe(bytes)
    memory.giveBack(first)
    expect(memory.take(bytes).buffer).toBe(first.buffer)
  })

  it("what is not given back is nobody else's", () => {
    const memory = new PieceMemory()
    const held = memory.take(20_000)
    const other = memory.take(20_000)
    expect(other.buffer).not.toBe(held.buffer)
    memory.giveBack(other)
    expect(memory.take(20_000).buffer).toBe(other.buffer)
    expect(memory.take(20_000).buffer).not.toBe(held.buffer)
  })

  it('half of a block is used at least', () => {
    const memory = new PieceMemory()
    for (const bytes of [4097, 9000, 17_000, 40_000]) {
      expect(memory.take(bytes).buffer.byteLength).toBeLessThanOrEqual(2 * bytes)
    }
  })

  it.each([1, 4095])('%i bytes come out of a pool that is never given back', (bytes) => {
    const memory = new PieceMemory()
    const small = memory.take(bytes)
    memory.giveBack(small)
    const large = memory.take(8192)
    expect(large.buffer).not.toBe(small.buffer)
  })

  it('a piece larger than any block has memory of its own', () => {
    const memory = new PieceMemory()
    const large = memory.take(65_537)
    memory.giveBack(large)
    expect(memory.take(65_537).buffer).not.toBe(large.buffer)
  })
})
