import { describe, expect, it } from 'vitest'
import { PieceCopier } from './piece-copier.ts'
import { PieceMemory } from './piece-memory.ts'

const bytes = 20_000
const chunk: Buffer = Buffer.alloc(65_536, 'abcdefgh')
const whole = [0, bytes]

describe('pieces copied out of a read buffer', () => {
  it('hold the ranges one behind the other', () => {
    const copier = new PieceCopier(new PieceMemory())
    expect(copier.copy(chunk, [1, 3, 8, 10]).toString()).toBe('bcab')
  })

  it('that have left are the memory of the next one, on any connection', () => {
    const memory = new PieceMemory()
    const [one, other] = [new PieceCopier(memory), new PieceCopier(memory)]
    const piece = one.copy(chunk, whole)
    one.settle(piece, true)
    expect(other.copy(chunk, whole).buffer).toBe(piece.buffer)
  })

  it("that have not left are nobody else's", () => {
    const memory = new PieceMemory()
    const [one, other] = [new PieceCopier(memory), new PieceCopier(memory)]
    const piece = one.copy(chunk, whole)
    one.settle(piece, false)
    expect(other.copy(chunk, whole).buffer).not.toBe(piece.buffer)
    expect(one.copy(chunk, whole).buffer).not.toBe(piece.buffer)
  })

  it('take no more than their size while pieces do not leave, and blocks again when they do', () => {
    const copier = new PieceCopier(new PieceMemory())
    copier.settle(copier.copy(chunk, whole), false)
    const exact = copier.copy(chunk, whole)
    expect(exact.buffer.byteLength).toBe(bytes)
    copier.settle(exact, true)
    const block = copier.copy(chunk, whole)
    expect(block.buffer.byteLength).toBe(32_768)
    expect(block.buffer).not.toBe(exact.buffer)
  })

  it('from outside the blocks are never handed out, though they have left', () => {
    const copier = new PieceCopier(new PieceMemory())
    copier.settle(copier.copy(chunk, [0, 8192]), false)
    const exact = copier.copy(chunk, [0, 8192])
    copier.settle(exact, true)
    expect(copier.copy(chunk, [0, 8192]).buffer).not.toBe(exact.buffer)
  })
})
