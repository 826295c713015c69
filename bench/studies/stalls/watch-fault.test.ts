import { expect, it } from 'vitest'
import { readWatch } from './read-watch.ts'
import { watchFault } from './watch-fault.ts'

/** A watch that looks from 0 to 10 s, but for what is taken away and put in its place. */
function watched(without: (atMs: number) => boolean = () => false, also: readonly string[] = []): string {
  const awake = Array.from({ length: 20 }, (_, index) => (index + 1) * 500).filter((atMs) => !without(atMs))
  const lines = ['0 7 begun', ...awake.map((atMs) => `${atMs} 7 awake`), ...also]
  return lines.toSorted((one, other) => Number.parseFloat(one) - Number.parseFloat(other)).join('\n')
}

function faultOf(text: string): string | undefined {
  return watchFault(readWatch(text), 2_000, 8_000)
}

it('a watch that looked all the time has no fault', () => {
  expect(faultOf(watched())).toBeUndefined()
})

it('a file nobody wrote to is no watch', () => {
  expect(faultOf('')).toContain('not watched')
})

it('nor is one that began late, or ended early', () => {
  expect(faultOf('2500 7 begun\n8000 7 awake')).toContain('not watched from the beginning')
  expect(faultOf(watched((atMs) => atMs > 7_500))).toContain('not watched until the end')
})

it('one that fell silent in between says for how long', () => {
  expect(faultOf(watched((atMs) => atMs > 3_000 && atMs < 6_000))).toContain('silent for 3000 ms')
})

it('but a stall explains its silence', () => {
  expect(faultOf(watched((atMs) => atMs > 3_000 && atMs < 6_000, ['5990 7 stall 2800.00']))).toBeUndefined()
})

it('another worker is not the one that was measured', () => {
  expect(faultOf(watched((atMs) => atMs > 5_000, ['5400 8 begun', '8200 8 awake']))).toContain('replaced')
})

it('what is no note of the watch is not passed over', () => {
  expect(() => readWatch('1000 5.00\n')).toThrow('no note')
})
