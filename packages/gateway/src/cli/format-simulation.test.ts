import { describe, expect, it } from 'vitest'
import type { Refusal, Simulation } from '../app/offline-simulation.ts'
import { formatSimulation } from './format-simulation.ts'
import { createPaint } from './terminal.ts'

const plain = createPaint(false)
const caller = { by: 'claims', issuer: 'acme', assumed: ['iss', 'exp'], apiKey: false } as const
const at = '2026-01-01T00:00:00.000Z'

const denied: Refusal = {
  reason: 'access_denied',
  seen: 'policies: clerk, past',
  wanted: 'a right',
  hint: 'Add it.',
  rule: { path: 'apis.orders.access.policy', file: 'a.yaml', line: 7, column: 3 },
}

const full: Simulation = {
  api: 'orders',
  at,
  caller,
  application: {
    asked: true,
    found: { id: 'shop', name: 'Shop', status: 'active', by: ['applications.shop.claims[0]'] },
  },
  closest: [
    {
      id: 'north',
      set: 'applications.north.claims[0]',
      claims: 1,
      matching: 1,
      mismatches: [],
      needsSubscription: false,
    },
    {
      id: 'far',
      set: 'applications.far.claims[0]',
      claims: 2,
      matching: 0,
      mismatches: [
        { claim: 'azp', words: 'azp is "shop", not "far"' },
        { claim: 'tenant', words: 'tenant is missing' },
      ],
      needsSubscription: true,
    },
  ],
  policies: {
    asked: true,
    merge: 'strict',
    granted: [
      {
        id: 'clerk',
        from: ['default', 'scope audit'],
        rights: [
          { methods: ['GET', 'POST'], paths: ['/orders/v1/*', '/orders/v2'] },
          { methods: 'all', paths: ['/orders/mine'] },
        ],
        maxTokenAgeSeconds: 600,
      },
      { id: 'past', from: ['claim pol'], rights: [], validUntil: at },
    ],
  },
  request: { method: 'PUT', path: '/orders/7', public: false },
  allowed: false,
  refusal: denied,
}

describe('a simulation as text', () => {
  it('tells application, the closest others, policies, what they grant, and the verdict with its line', () => {
    expect(formatSimulation(full, 'policy: {}', plain)).toBe(
      `caller       claims of issuer acme, taken as genuine; iss, exp as a fresh token has them
application  shop "Shop", active, by applications.shop.claims[0]
closest      north  1 of 1 claim   matches as well
             far    0 of 2 claims  azp is "shop", not "far"; tenant is missing; not subscribed
policies     clerk  by default and scope audit
             past   by claim pol
grants       clerk  GET POST     /orders/v1/* /orders/v2  tokens of at most 10 m 0 s
                    all methods  /orders/mine             tokens of at most 10 m 0 s
             past   nothing      on this API
merge        strict: all of them must let a request through

would be refused: access_denied: PUT /orders/7
  seen    policies: clerk, past
  wanted  a right
  rule    a.yaml:7:3 apis.orders.access.policy
            policy: {}
  hint    Add it.
  more    docs/failure-modes.md#access_denied
`,
    )
  })

  it('says what was not reached', () => {
    const { application: _, policies: __, request: ___, ...rest } = full
    const text = formatSimulation({ ...rest, closest: [] }, undefined, plain)
    expect(text.split('\n').slice(1, 5)).toEqual([
      'application  not asked: the caller is refused before',
      'policies     not asked: the caller is refused before',
      '',
      'would be refused: access_denied: API orders',
    ])
  })

  it('says that a token was not verified, and what nobody asks for', () => {
    const simulation: Simulation = {
      api: 'orders',
      at,
      caller: { by: 'token', issuer: 'acme', assumed: [], apiKey: true },
      application: { asked: false },
      closest: [],
      policies: { asked: false, granted: [] },
      allowed: true,
    }
    expect(formatSimulation(simulation, undefined, plain)).toBe(
      `caller       a token of issuer acme, taken as genuine, and an API key
             the signature was not checked: anybody can write such a token
application  API orders does not ask which application is calling
policies     API orders asks for none: whoever is let in may call all of it

nothing refuses this caller: API orders
`,
    )
  })

  it.each<[readonly string[], readonly string[], readonly string[]]>([
    [[], [], []],
    [['azp', 'pol'], [], ['counts for nothing: azp, pol (its own word)']],
    [
      ['azp'],
      ['pol', 'level'],
      ['counts for nothing: azp (its own word)', 'believed: pol, level (its own word; trustSelfAsserted lists it)'],
    ],
    [
      ['x'.repeat(41), ...'abcdefghi'],
      [],
      [`counts for nothing: ${'x'.repeat(39)}…, a, b, c, d, e, f, g and 2 more (its own word)`],
    ],
  ])('says what becomes of an application’s own word: %j, believed %j', (ignored, believed, lines) => {
    const own = {
      by: 'claims',
      application: 'robot',
      selfAsserted: { ignored, believed },
      assumed: ['sub'],
      apiKey: false,
    } as const
    const shown = formatSimulation({ ...full, caller: own }, undefined, plain).split('\n')
    expect(shown[0]).toBe(
      'caller       claims of application robot itself, taken as genuine; sub as a fresh token has them',
    )
    expect(
      shown.slice(1, 1 + lines.length + 1).map((line) => (line.slice(0, 11) === 'application' ? 'end' : line.trim())),
    ).toEqual([...lines, 'end'])
  })

  it('one that may not call is named with what refuses it', () => {
    const found = { id: 'shop', name: 'shop', status: 'suspended', by: ['API key k1'] } as const
    const application = {
      asked: true,
      found,
      refusal: { ...denied, reason: 'application_inactive', seen: 's' },
    } as const
    expect(formatSimulation({ ...full, application }, undefined, plain)).toContain(
      'application  shop, suspended, by API key k1; application_inactive (s)\n',
    )
  })

  it('a public route asks nobody', () => {
    const { refusal: _, ...rest } = full
    const request = { method: 'GET', path: '/orders/ping', public: true }
    expect(formatSimulation({ ...rest, request, allowed: true }, undefined, plain)).toContain(
      '\nwould be let through: GET /orders/ping, as anybody: this route is public\n',
    )
  })
})
