import { describe, expect, it } from 'vitest'
import { frame, opcodes } from '../../../test/support/web-socket-frames.ts'
import type { TunnelEnd } from '../exchange.ts'
import { closeFrame } from './close-frame.ts'
import { Tunnel, type TunnelOutcome } from './tunnel.ts'

interface FakeEnd extends TunnelEnd {
  readonly written: Buffer[]
  takes: boolean
  paused: boolean
  ended: boolean
  destroyed: boolean
}

function fakeEnd(): FakeEnd {
  const end: FakeEnd = {
    written: [],
    takes: true,
    paused: false,
    ended: false,
    destroyed: false,
    write: (chunk) => {
      end.written.push(chunk)
      return end.takes
    },
    end: () => {
      end.ended = true
    },
    pause: () => {
      end.paused = true
    },
    resume: () => {
      end.paused = false
    },
    destroy: () => {
      end.destroyed = true
    },
  }
  return end
}

const mask = Buffer.from([1, 2, 3, 4])

function setUp() {
  const outcomes: TunnelOutcome[] = []
  const clock = { nowMs: 0 }
  const tunnel = new Tunnel({
    idleTimeoutMs: 1_000,
    nowMs: () => clock.nowMs,
    newMask: () => mask,
    done: (outcome) => void outcomes.push(outcome),
  })
  const caller = fakeEnd()
  const upstream = fakeEnd()
  tunnel.caller.attach(caller)
  tunnel.upstream.attach(upstream)
  const pass = (ms: number): void => {
    clock.nowMs += ms
    tunnel.sweep(clock.nowMs)
  }
  return { tunnel, caller, upstream, outcomes, pass }
}

describe('S16 Tunnel', () => {
  it('a side that takes no more stops the other, until it does', () => {
    const { tunnel, caller, upstream } = setUp()
    upstream.takes = false
    tunnel.caller.data(Buffer.from('x'))
    expect([caller.paused, upstream.paused]).toEqual([true, false])
    tunnel.upstream.drained()
    expect(caller.paused).toBe(false)
  })

  it('passes the end of one direction on, and is over once when both ends are closed', () => {
    const { tunnel, caller, upstream, outcomes } = setUp()
    tunnel.caller.data(Buffer.from('abc'))
    tunnel.caller.ended()
    expect([caller.ended, upstream.ended]).toEqual([false, true])
    tunnel.upstream.data(Buffer.from('de'))
    tunnel.upstream.ended()
    expect([caller.ended, caller.destroyed, upstream.destroyed]).toEqual([true, false, false])
    tunnel.upstream.gone()
    expect(outcomes).toEqual([])
    tunnel.caller.gone()
    expect(outcomes).toEqual([{ ended: 'caller', bytesIn: 3, bytesOut: 2 }])
  })

  it('what a side hands out after it was destroyed goes nowhere', () => {
    const { tunnel, upstream } = setUp()
    tunnel.upstream.gone()
    tunnel.caller.data(Buffer.from('late'))
    expect(upstream.written).toEqual([])
  })

  it('a reader that never takes the last bytes is not waited for without end', () => {
    const { tunnel, caller, outcomes, pass } = setUp()
    tunnel.upstream.ended()
    tunnel.caller.ended()
    tunnel.upstream.gone()
    pass(9_000)
    expect(outcomes).toEqual([])
    pass(1_500)
    expect(caller.destroyed).toBe(true)
    expect(outcomes).toEqual([{ ended: 'upstream', bytesIn: 0, bytesOut: 0 }])
  })

  it.each(['caller', 'upstream'] as const)('a %s that breaks off takes the other side along', (name) => {
    const { tunnel, caller, upstream, outcomes } = setUp()
    tunnel[name].gone()
    expect(name === 'caller' ? upstream.destroyed : caller.destroyed).toBe(true)
    expect(outcomes).toEqual([{ ended: name, bytesIn: 0, bytesOut: 0 }])
  })

  it.each(['caller', 'upstream'] as const)('any byte of the %s keeps it from being idle', (name) => {
    const { tunnel, outcomes, pass } = setUp()
    pass(1)
    for (let round = 0; round < 5; round++) {
      tunnel[name].data(Buffer.from([0x81]))
      pass(600)
    }
    expect(outcomes).toEqual([])
    pass(1_000)
    pass(1_000)
    expect(outcomes).toMatchObject([{ ended: 'idle' }])
  })

  it('says Close to each side that stands between two frames, and passes nothing on from there', () => {
    const { tunnel, caller, upstream, outcomes, pass } = setUp()
    tunnel.cut('expired')
    expect(caller.written).toEqual([closeFrame(1008)])
    expect(upstream.written).toEqual([closeFrame(1008, mask)])
    expect([caller.ended, upstream.ended]).toEqual([true, true])
    tunnel.caller.data(frame(opcodes.text, 'late', true))
    tunnel.cut('drain')
    expect(upstream.written.length).toBe(1)
    expect(outcomes).toEqual([])
    pass(1_000)
    expect(outcomes).toEqual([{ ended: 'expired', bytesIn: 0, bytesOut: 0 }])
  })

  it('says nothing in the middle of a frame, nor behind a Close', () => {
    const { tunnel, caller, upstream } = setUp()
    const half = frame(opcodes.text, 'half of it', false).subarray(0, 5)
    tunnel.upstream.data(half)
    tunnel.caller.data(frame(opcodes.close, '', true))
    tunnel.cut('drain')
    expect(caller.written).toEqual([half])
    expect(upstream.written.length).toBe(1)
    expect([caller.ended, upstream.ended]).toEqual([true, true])
  })
})
