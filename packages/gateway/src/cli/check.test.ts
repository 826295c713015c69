import { describe, expect, it } from 'vitest'
import { formatProblem } from '../app/config/format-problems.ts'
import { formatCheck } from './check.ts'
import { createPaint } from './terminal.ts'

const plain = createPaint(false)

describe('the report of check', () => {
  it('lists every problem with its place, then counts them', () => {
    const problem = { file: 'a.yaml', line: 2, column: 3, path: 'apis', code: 'unknown_key', message: 'no key x' }
    const problems = [
      { ...problem, severity: 'error', hint: 'write y' },
      { ...problem, severity: 'warning', code: 'any_tenant' },
    ] as const
    expect(formatCheck({ file: 'a.yaml', ok: false, problems, apis: [] }, formatProblem, plain)).toBe(
      `a.yaml:2:3 unknown_key no key x (write y)
a.yaml:2:3 any_tenant warning: no key x
a.yaml is refused: 1 error, 1 warning.
`,
    )
  })

  it('shows who is let in where, and what is open', () => {
    const issuers = [
      { id: 'acme', iss: 'https://id', algorithms: ['ES256'], audiences: ['orders', 'bills'] },
      { id: 'any', iss: undefined, algorithms: ['HS256'], audiences: [] },
    ]
    const api = {
      upstream: [],
      routes: 2,
      publicRoutes: 1,
      scopes: ['read'],
      policies: ['claim pol', 'default gold'],
      callers: [],
    }
    const apis = [
      { ...api, id: 'orders', listen: '*/orders', access: 'protected', issuers },
      {
        ...api,
        id: 'keyed',
        listen: '*/keyed',
        access: 'protected',
        issuers: [],
        scopes: [],
        policies: [],
        publicRoutes: 0,
        callers: ['subscribed applications, by API key'],
      },
      { ...api, id: 'open', listen: '*/open', access: 'public', issuers: [] },
    ] as const
    expect(formatCheck({ file: 'a.yaml', ok: true, problems: [], apis }, formatProblem, plain)).toBe(`
API     LISTENS AT  LETS IN                                   AUDIENCE       ALGORITHMS
orders  */orders    acme: https://id                          orders, bills  ES256
                    any: any iss                              any            HS256
                    with scope read
                    with a policy by claim pol; default gold
                    everybody on 1 public route
keyed   */keyed     subscribed applications, by API key
open    */open      everybody (public)

a.yaml may go live: 0 errors, 0 warnings.
`)
  })
})
