import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { reasons } from '../src/domain/reasons.ts'
import { stepOfReason, steps } from '../src/domain/steps.ts'

const page = readFileSync(new URL('../../../docs/lifecycle.md', import.meta.url), 'utf8')

interface Row {
  readonly number: string
  readonly name: string
  readonly file: string
  readonly reasons: readonly string[]
}

const rows: readonly Row[] = page.split('\n').flatMap((line): readonly Row[] => {
  const cells = /^\| (\d+b?) \| (\w+) \| `([^`]+)` \| (.*)\|$/.exec(line)
  if (cells === null) return []
  const [, number = '', name = '', file = '', listed = ''] = cells
  return [{ number, name, file, reasons: listed.trim() === '' ? [] : listed.trim().split(', ') }]
})

describe('docs/lifecycle.md', () => {
  it('lists the steps by number and name, in their order', () => {
    expect(rows.map(({ number, name }) => ({ number, name }))).toEqual(
      steps.map(({ number, name }) => ({ number: String(number), name })),
    )
  })

  it('lists every reason with the step that gives it', () => {
    for (const row of rows) {
      expect(row.reasons).toEqual(reasons.filter((reason) => stepOfReason[reason] === row.name))
    }
    const ofNoStep = reasons.filter((reason) => stepOfReason[reason] === undefined)
    for (const reason of ofNoStep) expect(page).toContain(reason)
  })

  it('says what each step does', () => {
    for (const { number, name } of steps) expect(page).toContain(`\n${number}. **${name}** `)
  })

  const named = [...page.matchAll(/`((?:packages\/gateway\/src\/)?proxy\/[a-z/-]+\.ts)`/g)].map(
    (match) => match[1] ?? '',
  )

  it.each([...new Set(named)])('names a file that is there: %s', (file) => {
    const path = file.startsWith('packages/') ? `../../../${file}` : `../src/${file}`
    expect(existsSync(new URL(path, import.meta.url))).toBe(true)
  })
})
