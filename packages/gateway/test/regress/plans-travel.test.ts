import { describe, expect, it } from 'vitest'
import { compilePorts } from '../../src/app/config/compile-ports.ts'
import { compileConfig } from '../../src/compile/compile-config.ts'
import { parseConfig } from '../../src/compile/parse-config.ts'

const apis = { open: { upstream: { targets: ['http://127.0.0.1:9'] }, access: 'public' } }

describe('what control compiles is what a worker gets, as both speak JSON to each other', () => {
  it.each<[string, object]>([
    ['nothing but an API', {}],
    [
      'a listener without a public URL beside one with it',
      { listeners: [{}, { port: 81, publicUrl: 'https://a.test' }] },
    ],
  ])('%s', (_name, gateway) => {
    const parsed = parseConfig({ version: 1, gateway, apis })
    const compiled = parsed.ok ? compileConfig(parsed.value, compilePorts(0)) : parsed
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.error))
    const { objects } = compiled.value.compiled
    // A member without a value may be missing there; a place in a list may not become something else.
    expect(JSON.parse(JSON.stringify(objects))).toEqual(objects)
  })
})
