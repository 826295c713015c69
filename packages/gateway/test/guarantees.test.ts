import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const page = readFileSync(new URL('../../../docs/guarantees.md', import.meta.url), 'utf8')

/** Rules of the data plane, of configuration and of what is written; each has a section. */
const rules = [
  'S1',
  'S2',
  'S3',
  'S4',
  'S5',
  'S6',
  'S7',
  'S8',
  'S9',
  'S10',
  'S11',
  'S12',
  'S13',
  'S14',
  'S15',
  'S16',
  'S17',
  'S18',
  'S19',
  'S20',
  'S21',
  'S22',
  'S23',
  'S24',
  'S36',
]

interface Row {
  readonly section: string
  readonly guarantee: string
  readonly source: string
  readonly testFile: string
  readonly title: string
}

function inPackage(path: string): URL {
  return new URL(`../${path}`, import.meta.url)
}

const rows = page
  .split('\n## ')
  .slice(1)
  .flatMap((section): Row[] => {
    const lines = section.split('\n')
    const cells = lines.filter((line) => line.startsWith('| ')).slice(1)
    return cells.map((line) => {
      const found = /^\| (.+) \| `([^`]+)` \| `([^`]+\.test\.ts)`: (.+) \|$/.exec(line)
      const [, guarantee = line, source = '', testFile = '', title = ''] = found ?? []
      return { section: lines[0] ?? '', guarantee, source, testFile, title }
    })
  })

/** Titles of suites and tests as they are written in a file, quotes unescaped. */
function titlesOf(testFile: string): readonly string[] {
  const text = readFileSync(inPackage(testFile), 'utf8')
  return [...text.matchAll(/(['"`])((?:\\.|(?!\1)[^\\\n])+)\1/g)].map((found) =>
    (found[2] ?? '').replaceAll(/\\(['"`])/g, '$1'),
  )
}

describe('docs/guarantees.md', () => {
  it('has a section for each rule, in order, and rows in each', () => {
    const sections = [...new Set(rows.map(({ section }) => section))]
    expect(sections.map((section) => section.split(' ')[0]).filter((name) => /^S\d/.test(name ?? ''))).toEqual(rules)
  })

  it.each(rows)('$section: $guarantee', ({ source, testFile, title }) => {
    expect([source, existsSync(inPackage(source))]).toEqual([source, true])
    expect([testFile, existsSync(inPackage(testFile))]).toEqual([testFile, true])
    expect(titlesOf(testFile)).toContain(title)
  })

  it.each(rules)('%s has a test named after it', (rule) => {
    const named = rows.filter(({ section }) => section.startsWith(`${rule} `)).map(({ testFile }) => testFile)
    const titles = named.flatMap(titlesOf).filter((title) => new RegExp(`(^|\\s)${rule}(\\s|:|$)`).test(title))
    expect(titles).not.toEqual([])
  })
})
