import { readFileSync } from 'node:fs'
import { problemCodes } from '@jotgate/contract'
import { describe, expect, it } from 'vitest'
import { reasons } from '../src/domain/reasons.ts'
import { rejectToWire } from '../src/proxy/answer/reject-to-wire.ts'
import { rejectSamples } from './reject-samples.ts'

const page = readFileSync(new URL('../../../docs/failure-modes.md', import.meta.url), 'utf8')
const [codePart = '', reasonPart = ''] = page.split('\n# Reasons\n')

/** Heading and text of each section of one level. */
function sections(text: string, mark: string): ReadonlyMap<string, string> {
  const pieces = text.split(`\n${mark} `).slice(1)
  return new Map(pieces.map((piece) => [piece.slice(0, piece.indexOf('\n')), piece.slice(piece.indexOf('\n'))]))
}

describe('docs/failure-modes.md', () => {
  const byReason = sections(reasonPart, '##')

  it('has one section for each reason, in the order of the steps, and no other', () => {
    expect([...byReason.keys()]).toEqual(reasons)
  })

  it.each(reasons)('%s: gives the status and code callers really get', (reason) => {
    const { status, code } = rejectToWire(rejectSamples[reason])
    expect(byReason.get(reason)).toContain(`\n**Answer:** ${status} \`${code}\`\n`)
  })

  it.each(reasons)('%s: says what an operator sees, what usually causes it, and a way out', (reason) => {
    const text = byReason.get(reason)?.replaceAll('\n', ' ') ?? ''
    for (const part of ['**You see:**', '**Usual causes:**', '**Way out:**']) expect(text).toContain(part)
  })

  it('has one section for each public code, and no other', () => {
    expect([...sections(codePart, '###').keys()]).toEqual(problemCodes.map((code) => `Code ${code}`))
  })
})
