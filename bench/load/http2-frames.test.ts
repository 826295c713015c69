import { describe, expect, it } from 'vitest'
import { frame, frameType, headerBlock, settingsPayload, statusOf, writeStreamId } from './http2-frames.ts'

describe('frames', () => {
  it('begin with length, type, flags and stream', () => {
    const bytes = frame(frameType.headers, 0x5, 3, Buffer.from('abc'))
    expect(bytes.toString('hex')).toBe('000003010500000003616263')
    writeStreamId(bytes, 0x01020304)
    expect(bytes.toString('hex')).toBe('000003010501020304616263')
  })

  it('carry settings as pairs', () => {
    expect(settingsPayload([[1, 0]]).toString('hex')).toBe('000100000000')
  })
})

describe('a header block', () => {
  it('spells every field out', () => {
    expect(headerBlock([['a', 'bc']]).toString('hex')).toBe('00016102' + '6263')
  })

  it('writes lengths over 126 as RFC 7541 5.1 says', () => {
    const block = headerBlock([['a', 'x'.repeat(1337)]])
    // 1337 - 127 = 1210 = 9 * 128 + 58
    expect(block.subarray(0, 6).toString('hex')).toBe('0001617fba09')
    expect(block).toHaveLength(6 + 1337)
  })
})

describe('the status of an answer', () => {
  it.each([
    ['88', 200],
    ['8c', 400],
    ['2088', 200],
    ['3fe11f88', 200],
    ['4803343031', 401],
    ['0803353033', 503],
    ['1803343239', 429],
    // Huffman, as in RFC 7541 C.6.1: 302, and C.6.2: 307.
    ['488264 02'.replace(' ', ''), 302],
    ['4883640eff', 307],
  ])('of %s is %i', (hex, status) => {
    expect(statusOf(Buffer.from(hex, 'hex'))).toBe(status)
  })

  it('is 0 where it is told in no way that is known', () => {
    expect(statusOf(Buffer.from('be', 'hex'))).toBe(0)
    expect(statusOf(Buffer.from('00016102' + '6263', 'hex'))).toBe(0)
    expect(statusOf(Buffer.alloc(0))).toBe(0)
  })
})
