import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normaliseSlowly } from '../../test/fuzz/path-oracle.ts'
import { targetText } from '../../test/fuzz/target-text.ts'
import { pathForm } from '../domain/path-form.ts'
import { normalisePath, pathLengthMax } from './normalise-path.ts'

function pathOf(target: string): string | undefined {
  const normal = normalisePath(target)
  return normal.ok ? normal.value.path : undefined
}

function faultOf(target: string): string | undefined {
  const normal = normalisePath(target)
  return normal.ok ? undefined : normal.error
}

describe('one normal path', () => {
  it.each([
    ['/', '/'],
    ['/orders', '/orders'],
    ['/orders/', '/orders/'],
    ['/%6frders/%41%7E%2D%5F', '/orders/A~-_'],
    ['/caf%c3%a9/%40%3a%2b', '/caf%C3%A9/%40%3A%2B'],
    ['/%2541', '/%2541'],
    ['/.well-known/..x/x../...', '/.well-known/..x/x../...'],
    ['/a%20b', '/a%20b'],
  ])('%s is read as %s', (target, path) => {
    expect(pathOf(target)).toBe(path)
  })

  it.each([
    ['', 'not_origin_form'],
    ['*', 'not_origin_form'],
    ['example.com:443', 'not_origin_form'],
    ['http://example.com/', 'not_origin_form'],
    ['/a%', 'invalid_percent'],
    ['/a%2', 'invalid_percent'],
    ['/a%zz', 'invalid_percent'],
    ['/a%%32', 'invalid_percent'],
    ['/.', 'dot_segment'],
    ['/a/..', 'dot_segment'],
    ['/a/../b', 'dot_segment'],
    ['/a/%2e%2e/b', 'dot_segment'],
    ['/a/.%2E/b', 'dot_segment'],
    ['/a/%2e', 'dot_segment'],
    ['/a/..;x=1/b', 'dot_segment'],
    ['/a/..%3bx/b', 'dot_segment'],
    ['/a%2f..%2fb', 'dot_segment'],
    ['/a\\b', 'backslash'],
    ['/a%5cb', 'backslash'],
    ['/a%5Cb', 'backslash'],
    ['/a\0', 'control_byte'],
    ['/a b', 'control_byte'],
    ['/a%00', 'control_byte'],
    ['/a%0d%0a', 'control_byte'],
    ['/a%7f', 'control_byte'],
    ['/a?b\tc', 'control_byte'],
    ['/café', 'non_ascii'],
    ['/a?é', 'non_ascii'],
    ['/a#b', 'fragment'],
    ['/a?b#c', 'fragment'],
    ['//evil.example/a', 'empty_segment'],
    [`/${'a'.repeat(pathLengthMax)}`, 'too_long'],
  ])('%j is refused as %s', (target, fault) => {
    expect(faultOf(target)).toBe(fault)
  })

  it.each([
    ['/a%2fb', pathForm.encodedSlash],
    ['/a//b', pathForm.emptySegments],
    ['/a//', pathForm.emptySegments],
    ['/a/', 0],
    ['/a;v=1', pathForm.parameters],
    ['/a%3Bv', pathForm.parameters],
    ['/a;b//c%2Fd', 7],
  ])('%s uses the forms %i, which an API must opt into', (target, forms) => {
    expect(normalisePath(target)).toMatchObject({ ok: true, value: { forms } })
  })

  it('lets the query through byte for byte, whatever a path may not hold', () => {
    const query = '?a=%zz&b=../..;//\\%5c%00?c'
    expect(normalisePath(`/a${query}`)).toMatchObject({ ok: true, value: { path: '/a', query } })
    expect(normalisePath('/a?')).toMatchObject({ ok: true, value: { path: '/a', query: '?' } })
  })

  it('takes a path of exactly the longest length', () => {
    const longest = `/${'a'.repeat(pathLengthMax - 1)}`
    expect(pathOf(longest)).toBe(longest)
  })

  it('agrees with a slow oracle and is idempotent', () => {
    fc.assert(
      fc.property(targetText, (target) => {
        const normal = normalisePath(target)
        expect(normal.ok ? normal.value : undefined).toEqual(normaliseSlowly(target))
        if (normal.ok) expect(normalisePath(normal.value.path + normal.value.query)).toEqual(normal)
      }),
      { numRuns: 3000 },
    )
  })

  it('never yields a path with a backslash, a control byte, a dot segment or an encoded unreserved character', () => {
    fc.assert(
      fc.property(targetText, (target) => {
        const path = pathOf(target) ?? '/'
        expect(path).toMatch(/^\/(?!\/)[\x21-\x7e]*$/)
        expect(path).not.toMatch(/[\\?#]|%5C|%[01]|%7F|%4[1-9A-F]|%5[0-9A]|%6[1-9A-F]|%7[0-9A]|%3[0-9]|%2[DE]|%5F|%7E/)
        expect(decodeURIComponent(path.replace(/%[89A-F]./g, 'x')).split('/')).not.toContain('..')
      }),
      { numRuns: 3000 },
    )
  })

  it.each(['/%41', '/a;', '/%2F', '/a/', '/%c3'])('takes at most twice the steps for twice %s', (unit) => {
    const steps = (count: number): number => {
      const counted = countingText(unit.repeat(count))
      normalisePath(counted.text)
      return counted.steps()
    }
    expect(steps(1000)).toBeGreaterThan(1000)
    expect(steps(1000)).toBeLessThan(steps(500) * 2 + 50)
  })
})

/** A text that counts every character looked at or copied. */
function countingText(text: string): { text: string; steps: () => number } {
  let steps = 0
  const counting = {
    length: text.length,
    charCodeAt: (at: number) => {
      steps++
      return text.charCodeAt(at)
    },
    slice: (start: number, end = text.length) => {
      steps += end - start
      return text.slice(start, end)
    },
    indexOf: (search: string, from: number) => {
      const at = text.indexOf(search, from)
      steps += (at === -1 ? text.length : at) - (from ?? 0)
      return at
    },
  }
  // The normaliser asks a text for nothing else; a real string cannot count.
  return { text: counting as unknown as string, steps: () => steps }
}
