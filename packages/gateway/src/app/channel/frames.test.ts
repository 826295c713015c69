import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFrameReader, encodeFrame } from './frames.ts'

function read(chunks: readonly Buffer[]): unknown[] {
  const reader = createFrameReader()
  return chunks.flatMap((chunk) => {
    const messages = reader(chunk)
    if (!messages.ok) throw new Error(messages.error)
    return [...messages.value]
  })
}

describe('frames', () => {
  const messages = [{ n: 'switch', p: { generation: 7 } }, 'žluťoučký 🐎', [], null]
  const bytes = Buffer.concat(messages.map(encodeFrame))

  it('messages come out whole and in order wherever the stream is cut in two', () => {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(read([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(messages)
    }
  })

  it('messages come out whole when every byte comes alone', () => {
    expect(read(Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(messages)
  })

  it('messages come out whole however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.json({ maxDepth: 2 })), fc.array(fc.nat(200)), (texts, cuts) => {
        const sent = texts.map((text): unknown => JSON.parse(text))
        const stream = Buffer.concat(sent.map(encodeFrame))
        const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]
        const chunks = places.slice(1).map((place, index) => stream.subarray(places[index], place))
        expect(read(chunks)).toEqual(JSON.parse(JSON.stringify(sent)))
      }),
    )
  })

  it('a frame announced longer than the bound is refused before it is held', () => {
    const reader = createFrameReader(10)
    expect(reader(Buffer.of(0, 0, 0, 11))).toEqual({ ok: false, error: 'frame_too_long' })
    expect(createFrameReader(10)(encodeFrame('12345678'))).toEqual({ ok: true, value: ['12345678'] })
  })

  it('a frame that is not JSON is refused', () => {
    expect(createFrameReader()(Buffer.of(0, 0, 0, 1, 0x7b))).toEqual({ ok: false, error: 'frame_malformed' })
  })
})
