import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from './claims.ts'
import { countJsonSteps, type JsonFault, parseJsonObject } from './parse-json-object.ts'

const bounds = { depthMax: 16, membersMax: 256 }
const wide = { depthMax: 16, membersMax: 1_000_000 }

function parse(text: string): ReturnType<typeof parseJsonObject> {
  return parseJsonObject(Buffer.from(text), bounds)
}

function faultOf(text: string): JsonFault | 'accepted' {
  const parsed = parse(text)
  return parsed.ok ? 'accepted' : parsed.error
}

/** The same value with ordinary prototypes, for comparison with JSON.parse. */
function plain(value: JsonValue): unknown {
  return JSON.parse(JSON.stringify(value))
}

function hasNoPrototype(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== null) return false
  return Object.values(value).every(hasNoPrototype)
}

describe('S10 parseJsonObject', () => {
  it('reads whatever JSON.stringify writes, and yields objects without prototype at every level', () => {
    const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 8 })
    fc.assert(
      fc.property(object, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent)
        const parsed = parseJsonObject(Buffer.from(text), wide)
        if (!parsed.ok) expect.fail(parsed.error)
        // JSON.parse is the oracle; -0 and other spellings come out the same through both.
        expect(plain(parsed.value)).toEqual(JSON.parse(text))
        expect(hasNoPrototype(parsed.value)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('accepts nothing that JSON.parse refuses, on mutated documents', () => {
    const seed = '{"a":[1,-2.5e+3,"\\u00e9\\n",{"b":null}],"c":true,"d":"x","e":false}'
    const edit = fc.tuple(fc.nat(seed.length), fc.nat(2), fc.constantFrom(...'{}[]":,\\u0-+.eE9tfn \n\u0001x/', ''))
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let text = seed
        for (const [at, cut, insert] of edits) text = text.slice(0, at) + insert + text.slice(at + cut)
        const parsed = parse(text)
        let oracle: unknown
        try {
          oracle = JSON.parse(text)
        } catch {
          oracle = undefined
        }
        if (parsed.ok) expect(plain(parsed.value)).toEqual(oracle)
        else if (oracle !== undefined && oracle !== null && typeof oracle === 'object' && !Array.isArray(oracle)) {
          expect(parsed.error).toMatch(/^(duplicate_member|number_range)$/)
        }
      }),
      { numRuns: 20_000 },
    )
  })

  it.each<[string, string, JsonFault]>([
    ['a duplicate member', '{"sub":"a","sub":"b"}', 'duplicate_member'],
    ['a duplicate that only unescaping shows', '{"sub":"a","\\u0073ub":"b"}', 'duplicate_member'],
    ['a duplicate in a nested object', '{"a":[{"b":1,"b":1}]}', 'duplicate_member'],
    ['a duplicate __proto__', '{"__proto__":1,"__proto__":1}', 'duplicate_member'],
    ['a byte order mark', '\ufeff{}', 'syntax'],
    ['a list', '[1]', 'not_an_object'],
    ['null', 'null', 'not_an_object'],
    ['a text', '"{}"', 'not_an_object'],
    ['nothing', '', 'syntax'],
    ['only white space', ' \n', 'syntax'],
    ['a second value', '{}{}', 'syntax'],
    ['a trailing comma', '{"a":1,}', 'syntax'],
    ['a trailing comma in a list', '{"a":[1,]}', 'syntax'],
    ['a comment', '{/**/}', 'syntax'],
    ['an unquoted name', '{a:1}', 'syntax'],
    ['single quotes', "{'a':1}", 'syntax'],
    ['a raw control character in a text', '{"a":"\u0001"}', 'syntax'],
    ['a raw newline in a text', '{"a":"\n"}', 'syntax'],
    ['an unknown escape', '{"a":"\\x41"}', 'syntax'],
    ['an escape of the prototype chain', '{"a":"\\constructor"}', 'syntax'],
    ['an escape cut short', '{"a":"\\u00"}', 'syntax'],
    ['a leading zero', '{"a":01}', 'syntax'],
    ['a leading plus', '{"a":+1}', 'syntax'],
    ['a bare fraction', '{"a":.5}', 'syntax'],
    ['a number that ends in a dot', '{"a":1.}', 'syntax'],
    ['a number that ends in an exponent', '{"a":1e}', 'syntax'],
    ['hexadecimal', '{"a":0x10}', 'syntax'],
    ['NaN', '{"a":NaN}', 'syntax'],
    ['a form feed as white space', '{\f}', 'syntax'],
    ['a number beyond doubles', '{"exp":1e400}', 'number_range'],
    ['a negative number beyond doubles', '{"exp":-1e400}', 'number_range'],
  ])('%s is refused', (_name, text, fault) => {
    expect(faultOf(text)).toBe(fault)
  })

  it.each([
    ['an overlong encoding', [0xc0, 0xaf]],
    ['a lone continuation byte', [0x80]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['a cut sequence', [0xe2, 0x82]],
    ['a code point beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ])('%s is not UTF-8 and refused', (_name, bytes) => {
    const document = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')])
    expect(parseJsonObject(document, bounds)).toEqual({ ok: false, error: 'utf8' })
  })

  it('members named like the prototype chain are ordinary members', () => {
    const parsed = parse('{"__proto__":{"admin":true},"constructor":1,"toString":2}')
    if (!parsed.ok) expect.fail(parsed.error)
    expect(Object.keys(parsed.value)).toEqual(['__proto__', 'constructor', 'toString'])
    expect(parsed.value.admin).toBeUndefined()
    expect(Object.getPrototypeOf(parsed.value)).toBeNull()
  })

  it('an escaped lone surrogate is kept, so that identities can refuse it', () => {
    const parsed = parse('{"a":"\\ud800","b":"\\ud83d\\ude00"}')
    if (!parsed.ok) expect.fail(parsed.error)
    expect(parsed.value).toEqual(Object.assign(Object.create(null), { a: '\ud800', b: '😀' }))
  })

  it('sixteen levels are read and seventeen are not', () => {
    const nested = (levels: number): string => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
    expect(faultOf(nested(16))).toBe('accepted')
    expect(faultOf(nested(17))).toBe('too_deep')
    expect(faultOf(`${'{"a":'.repeat(17)}1${'}'.repeat(17)}`)).toBe('too_deep')
    expect(faultOf(`{"a":${'['.repeat(100_000)}`)).toBe('too_deep')
    expect(faultOf(`{"a":[${'[],'.repeat(100)}[]]}`)).toBe('accepted')
  })

  it('256 members in the whole document are read and 257 are not', () => {
    const members = (count: number): string => Array.from({ length: count }, (_, at) => `"m${at}":1`).join(',')
    expect(faultOf(`{${members(256)}}`)).toBe('accepted')
    expect(faultOf(`{${members(257)}}`)).toBe('too_many_members')
    expect(faultOf(`{"a":{${members(200)}},"b":{${members(55)}}}`)).toBe('too_many_members')
  })

  it('never throws, on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(parseJsonObject(bytes, bounds)).toHaveProperty('ok')
      }),
      { numRuns: 2000 },
    )
  })

  const shapes: readonly [string, (n: number) => string][] = [
    ['one long text', (n) => `{"a":"${'x'.repeat(n)}"}`],
    ['a text of escapes', (n) => `{"a":"${'\\u0041'.repeat(n)}"}`],
    ['a text that never ends', (n) => `{"a":"${'\\n'.repeat(n)}`],
    ['members with alike names', (n) => `{${Array.from({ length: n }, (_, at) => `"member-${at}":0`).join(',')}}`],
    ['a list of lists', (n) => `{"a":[${'[],'.repeat(n)}[]]}`],
    ['a long number', (n) => `{"a":1.${'0'.repeat(n)}}`],
    ['white space', (n) => `{${' \n'.repeat(n)}}`],
    ['text outside ASCII', (n) => `{"a":"${'é😀'.repeat(n)}"}`],
  ]
  it.each(shapes)('takes steps in proportion to its input: %s', (_name, shape) => {
    const single = countJsonSteps(Buffer.from(shape(20_000)), wide)
    const double = countJsonSteps(Buffer.from(shape(40_000)), wide)
    expect(single).toBeGreaterThan(20_000)
    expect(double / single).toBeGreaterThan(1.9)
    expect(double / single).toBeLessThan(2.2)
    expect(double).toBeLessThan(3 * shape(40_000).length)
  })
})
