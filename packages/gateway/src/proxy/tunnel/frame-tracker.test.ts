import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { frame, opcodes } from '../../../test/support/web-socket-frames.ts'
import { closeFrame } from './close-frame.ts'
import { FrameTracker } from './frame-tracker.ts'

const anyFrame = fc
  .tuple(
    fc.constantFrom(0, 1, 2, 9, 10),
    fc.oneof(fc.nat(200), fc.constantFrom(125, 126, 65_535, 65_536, 70_000)),
    fc.boolean(),
  )
  .map(([opcode, bytes, masked]) => frame(opcode, Buffer.alloc(bytes, 0x88), masked))

describe('FrameTracker', () => {
  it('knows the end of every frame, however the bytes are divided', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { minLength: 1, maxLength: 6 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        (frames, cuts) => {
          const bytes = Buffer.concat(frames)
          const ends = new Set<number>([0])
          let end = 0
          for (const one of frames) {
            end += one.length
            ends.add(end)
          }
          const places = [...cuts.map((cut) => Math.floor(cut * bytes.length)), ...ends, bytes.length].sort(
            (a, b) => a - b,
          )
          const tracker = new FrameTracker()
          let at = 0
          for (const place of places) {
            tracker.push(bytes.subarray(at, place))
            at = place
            expect(tracker.isBetweenFrames).toBe(ends.has(at))
          }
          expect(tracker.isClosed).toBe(false)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('knows that a Close frame went by', () => {
    const tracker = new FrameTracker()
    tracker.push(frame(opcodes.text, 'x', false))
    expect(tracker.isClosed).toBe(false)
    tracker.push(frame(opcodes.close, Buffer.from([3, 232]), false))
    expect(tracker.isClosed).toBe(true)
  })

  it('is not led astray by a length no frame can have', () => {
    const tracker = new FrameTracker()
    tracker.push(Buffer.from([0x82, 127, ...Array.from({ length: 8 }, () => 0xff), 1, 2, 3]))
    expect(tracker.isBetweenFrames).toBe(false)
  })
})

describe('closeFrame', () => {
  it('is what RFC 6455 5.5.1 says, masked towards a server', () => {
    expect(closeFrame(1008)).toEqual(Buffer.from([0x88, 2, 0x03, 0xf0]))
    expect(closeFrame(1001, Buffer.from([1, 2, 3, 4]))).toEqual(Buffer.from([0x88, 0x82, 1, 2, 3, 4, 0x02, 0xeb]))
  })
})
