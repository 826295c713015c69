import { expect, it } from 'vitest'
import { generationsInForce } from './generations-in-force.ts'

function inForce(second: number, generation: number): string {
  return `{"time":"2026-11-23T12:00:0${second}.000Z","level":"info","process":"control","event":"config_in_force","generation":${generation}}`
}

const fromMs = Date.parse('2026-11-23T12:00:02.000Z')
const phase = { above: 3, fromMs, untilMs: fromMs + 4_000 }

it('counts the generations of the time asked for, each once', async () => {
  const access = '{"time":"2026-11-23T12:00:03.000Z","decision":"00-1","outcome":"forwarded"}'
  const lines = [inForce(1, 4), access, inForce(3, 5), inForce(4, 5), inForce(5, 6), inForce(6, 7)]
  expect(await generationsInForce(lines, phase)).toBe(2)
})

it('one that was in force before is none', async () => {
  expect(await generationsInForce([inForce(3, 3)], phase)).toBe(0)
})
