import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { configBytesMax, readConfigText } from './read-config-text.ts'

/** The codes at their places, or `ok`. */
function outcome(text: string | Buffer, file = 'jotgate.yaml'): readonly string[] | 'ok' {
  const read = readConfigText(Buffer.from(text), file)
  if (read.ok) return 'ok'
  return read.error.map(({ code, position }) => (position ? `${position.line}:${position.column} ${code}` : code))
}

describe('S21 an empty or half-written file is never an empty configuration', () => {
  it.each([
    ['an empty file', '', '1:1 empty'],
    ['white space', ' \n\n', '1:1 empty'],
    ['comments only', '# to do\n', 'empty'],
    ['a document of null', '~\n', 'empty'],
    ['zeros left by a crash', 'version: 1\n\0\0\0', '2:1 control_character'],
    ['bytes that are not UTF-8', Buffer.from([0x76, 0xff]), 'not_utf8'],
    ['a cut-off list', 'version: 1\napis: [a,', '2:10 truncated'],
    ['a cut-off text', 'version: "1', '1:12 truncated'],
  ])('%s is refused', (_name, text, expected) => {
    expect(outcome(text)).toEqual([expected])
  })

  it.each([
    ['{"version": 1, "apis": {', '1:25 truncated'],
    ['{"version": 1, "apis', '1:16 truncated'],
    ['{"version"', '1:11 truncated'],
    ['{"a": [1, 2', '1:12 truncated'],
    ['', '1:1 empty'],
    ['null', 'empty'],
  ])('JSON cut off as %s is refused', (text, expected) => {
    expect(outcome(text, 'jotgate.json')).toEqual([expected])
  })

  it('every proper beginning of a JSON document is refused', () => {
    const text = JSON.stringify({ version: 1, apis: { a: { list: [1, 'x\\"', true, null] } } })
    for (let end = 0; end < text.length; end++) expect(outcome(text.slice(0, end), 'a.json')).not.toBe('ok')
    expect(outcome(text, 'a.json')).toBe('ok')
  })
})

describe('S20 YAML without its traps', () => {
  it.each([
    ['a tag', 'a: !!str 5', ['1:10 tag_not_allowed']],
    ['a tag on a map', 'a: !x {b: 1}', ['1:7 tag_not_allowed']],
    ['a tag on a key', '!!str a: 1', ['1:7 tag_not_allowed']],
    ['a duplicate key', 'a: 1\nb:\n  c: 1\n  c: 2', ['4:3 duplicate_key']],
    ['a key that is no text', '1: 2', ['1:1 key_not_text']],
    ['a list as a key', '? [a]\n: b', ['1:3 key_not_text']],
    ['a second document', 'a: 1\n---\nb: 2', ['2:1 several_documents']],
    ['an unknown alias', 'a: *b', ['1:4 alias_unknown']],
    ['an alias inside its own anchor', 'a: &a [*a]', ['1:8 too_deep']],
    ['101 aliases', `a: &a 1\nb: [${'*a,'.repeat(101)}]`, ['1:7 too_many_aliases']],
    ['a tab as indentation', 'a:\n\tb: 1', ['2:1 syntax']],
  ])('%s is refused', (_name, text, expected) => {
    expect(outcome(text)).toEqual(expected)
  })

  it('reads YAML 1.2: yes, no, on, 0777 and 1:30 are not what YAML 1.1 made of them, and << is an ordinary key', () => {
    const read = readConfigText(Buffer.from('a: &x [yes, no, on, 1:30]\nb: 0777\nc: *x\nd: {<<: {e: 1}}'), 'f.yaml')
    expect(read.ok && read.value.document).toEqual({
      a: ['yes', 'no', 'on', '1:30'],
      b: 777,
      c: ['yes', 'no', 'on', '1:30'],
      d: { '<<': { e: 1 } },
    })
  })

  it('an alias means the last anchor of its name before it', () => {
    const read = readConfigText(Buffer.from('a: &x [&y 1]\nb: &y 2\nc: *x\nd: *y'), 'f.yaml')
    expect(read.ok && read.value.document).toEqual({ a: [1], b: 2, c: [1], d: 2 })
  })

  it.each([
    ['a billion laughs', laughs()],
    ['a million open brackets', '['.repeat(1_000_000)],
    ['a hundred thousand blocks on one line', '- '.repeat(100_000)],
    ['two thousand levels of indentation', indented(2000)],
    ['thirty thousand anchors', '&a '.repeat(30_000)],
    ['thirty thousand duplicate keys', 'a: 1\n'.repeat(30_000)],
    ['a hundred thousand aliases', `a: &a 1\nb: [${'*a,'.repeat(100_000)}]`],
    ['a hundred thousand documents', '---\n'.repeat(100_000)],
  ])('%s ends in a problem within seconds', (_name, text) => {
    const startedMs = performance.now()
    expect(outcome(text)).not.toBe('ok')
    expect(performance.now() - startedMs).toBeLessThan(10_000)
  })

  it('a map of 50,000 keys takes time in proportion', () => {
    const keys = Array.from({ length: 50_000 }, (_, index) => `k${index}: 1`).join('\n')
    const startedMs = performance.now()
    expect(outcome(keys)).toBe('ok')
    expect(performance.now() - startedMs).toBeLessThan(10_000)
  })

  it('more than 16 MiB is not even looked at', () => {
    expect(outcome(Buffer.alloc(configBytesMax + 1, 0x23))).toEqual(['too_large'])
  })
})

describe('JSON, strictly', () => {
  it.each([
    ['a duplicate key', '{"a": 1,\n "b": {"c": 1, "c": 2}}', '2:16 duplicate_key'],
    ['a duplicate key spelt with an escape', '{"a": 1, "\\u0061": 2}', '1:10 duplicate_key'],
    ['a comment', '{"a": 1 /* x */}', '1:9 syntax'],
    ['a trailing comma', '{"a": 1,}', '1:9 syntax'],
    ['a single quote', "{'a': 1}", '1:2 syntax'],
    ['a leading zero', '{"a": 01}', '1:7 syntax'],
    ['a line break in a string', '{"a": "\n"}', '1:8 syntax'],
    ['a bad escape', '{"a": "\\x"}', '1:7 syntax'],
    ['something after the end', '{} {}', '1:4 syntax'],
    ['depth', '['.repeat(100_000), '1:66 too_deep'],
  ])('%s is refused', (_name, text, expected) => {
    expect(outcome(text, 'jotgate.json')).toEqual([expected])
  })

  it('takes exactly what JSON.parse takes, duplicates and depth apart', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b\\n"',
      '1',
      '-0',
      '1e5',
      '.5',
      'true',
      'null',
      ' ',
      '\n',
      'x',
      '"',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('')
        let taken = true
        try {
          if (JSON.parse(text) === null) taken = false
        } catch {
          taken = false
        }
        const read = outcome(text, 'x.json')
        if (read !== 'ok' && read.some((line) => line.endsWith('duplicate_key'))) return
        expect(read === 'ok').toBe(taken)
      }),
      { numRuns: 3000 },
    )
  })

  it('has the same positions as the same text read as YAML', () => {
    const text = '{"apis": {"orders": {\n  "access": {"issuers": ["a", "b"]},\n  "x.y": 1}}}'
    const json = readConfigText(Buffer.from(text), 'x.json')
    const yaml = readConfigText(Buffer.from(text), 'x.yaml')
    const paths = ['', 'apis', 'apis.orders.access.issuers[1]', 'apis.orders["x.y"]', 'apis.orders.access.nothing']
    for (const path of paths) {
      expect(json.ok && json.value.locate(path)).toEqual(yaml.ok && yaml.value.locate(path))
    }
    expect(json.ok && json.value.locate('apis.orders.access.issuers[1]')).toEqual({ line: 2, column: 31 })
    expect(json.ok && json.value.locate('apis.orders.access.nothing')).toEqual({ line: 2, column: 3 })
  })
})

describe('reading never throws and never quotes the text', () => {
  it('whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), yamlish()), fc.boolean(), (bytes, json) => {
        outcome(Buffer.from(bytes as Uint8Array), json ? 'a.json' : 'a.yaml')
      }),
      { numRuns: 3000 },
    )
  })

  it.each(['a: "canary\\q"', 'a: canary: canary', 'a: [canary}', '"canary" "canary"', 'a: !canary b', '- canary\nb'])(
    'a problem of %s does not repeat its values',
    (text) => {
      const read = readConfigText(Buffer.from(text), 'a.yaml')
      expect(read.ok).toBe(false)
      if (!read.ok) expect(read.error.map(({ message }) => message).join()).not.toContain('canary')
    },
  )
})

function laughs(): string {
  const letters = [...'abcdefghij']
  const lines = letters.map(
    (letter, index) => `${letter}: &${letter} [${Array(9).fill(index === 0 ? 'x' : `*${letters[index - 1]}`)}]`,
  )
  return lines.join('\n')
}

function indented(levels: number): string {
  return Array.from({ length: levels }, (_, index) => `${' '.repeat(index)}a:`).join('\n')
}

function yamlish(): fc.Arbitrary<Uint8Array> {
  const piece = fc.constantFrom(
    'a',
    ': ',
    '- ',
    '\n',
    '  ',
    '[',
    ']',
    '{',
    '}',
    '&x ',
    '*x',
    '!t ',
    '"',
    "'",
    '|',
    '#',
    ',',
    '? ',
    '---\n',
    '%Y',
    '<<',
  )
  return fc.array(piece, { maxLength: 40 }).map((parts) => Buffer.from(parts.join('')))
}
