import { describe, expect, it } from 'vitest'
import { plainLimits } from '../../../test/fixtures/limits.ts'
import { growthOf } from '../../../test/support/count-steps.ts'
import { looseReading } from '../../compile/loose-reading.ts'
import { normalisePath } from '../../compile/normalise-path.ts'
import type { GatewayPlan } from '../../compile/plan.ts'
import { credentialsStart } from './auth-scheme.ts'
import { clientAddress, forwardedScheme } from './client-address.ts'
import { connectionOptions } from './connection-options.ts'
import { cutCookie, findCookie } from './cookie-crumbs.ts'
import { claimToHeader, isFieldValue, isToken68 } from './header-value.ts'
import { cutQueryParameter, decodeQueryValue, findQueryParameter } from './query-parameter.ts'
import { readAuthority } from './read-authority.ts'
import { readHeaders } from './read-headers.ts'
import { headerClass } from './reserved-headers.ts'

const trusting: GatewayPlan = {
  ...{
    publicUrls: [],
    limits: plainLimits,
    via: undefined,
    trustedProxies: ['10.0.0.0/8'],
    trustedProxyHeaders: 'x-forwarded',
    traceAccepted: false,
  },
  ...{ failuresPerAddress: 0, failuresPerIssuer: 0 },
}

type Shapes = Readonly<Record<string, (n: number) => string>>

const cookies: Shapes = {
  'many crumbs': (n) => 'a=b; '.repeat(n),
  'crumbs of one name': (n) => 'session=b; '.repeat(n),
  'crumbs without a value': (n) => 'ab;'.repeat(n),
  'crumbs of one name without a value': (n) => 'session;'.repeat(n),
  semicolons: (n) => ';'.repeat(n),
  'white space': (n) => `${' '.repeat(n)}session=x`,
  'equals signs': (n) => '='.repeat(n),
}
const queries: Shapes = {
  'many parameters': (n) => `?${'jwt=b&'.repeat(n)}`,
  'parameters without a value': (n) => `?jwt&${'ab&'.repeat(n)}`,
  'parameters of one name without a value': (n) => `?${'jwt&'.repeat(n)}`,
  'encoded names': (n) => `?${'%6awt=1&'.repeat(n)}`,
  'encoded names without a value': (n) => `?${'%6a%77t&'.repeat(n)}`,
  'broken escapes': (n) => `?${'%&'.repeat(n)}`,
  'one long parameter': (n) => `?jwt=${'%41+'.repeat(n)}`,
  ampersands: (n) => `?%${'&'.repeat(n)}`,
}
const values: Shapes = {
  ASCII: (n) => 'a'.repeat(n),
  'other bytes': (n) => 'é'.repeat(n),
  'a control character at the end': (n) => `${'a'.repeat(n)}\n`,
}

/** Parser by parser, each over every shape it may meet. */
const parsers: readonly (readonly [name: string, shapes: Shapes, parse: (text: string) => unknown])[] = [
  ['find cookie', cookies, (text) => findCookie(text, 'session')],
  ['cut cookie', cookies, (text) => cutCookie(text, 'session')],
  ['find query parameter', queries, (text) => findQueryParameter(text, 'jwt')],
  ['cut query parameter', queries, (text) => cutQueryParameter(text, 'jwt')],
  ['decode query value', queries, decodeQueryValue],
  ['field value', values, isFieldValue],
  ['token68', values, isToken68],
  ['claim as header, encoded', values, (text) => claimToHeader(text, 'encode')],
  ['claim as header, a list', values, (text) => claimToHeader(text.split(''), 'encode')],
  ['credentials', { spaces: (n) => `Bearer${' '.repeat(n)}x` }, (text) => credentialsStart(text, 'bearer')],
  [
    'forwarded addresses',
    {
      'trusted ones': (n) => '10.0.0.1, '.repeat(n),
      commas: (n) => ','.repeat(n),
      'one long word': (n) => 'a'.repeat(n),
      colons: (n) => ':'.repeat(n),
    },
    (text) => clientAddress(trusting, '10.0.0.1', text),
  ],
  ['forwarded scheme', { 'many entries': (n) => 'http, '.repeat(n) }, forwardedScheme],
  [
    'connection options',
    { 'many options': (n) => Array.from({ length: n }, (_, at) => `x-${at}`).join(', '), commas: (n) => ','.repeat(n) },
    connectionOptions,
  ],
  [
    'authority',
    { 'a long name': (n) => 'a'.repeat(n), 'a long port': (n) => `a:${'1'.repeat(n)}`, brackets: (n) => '['.repeat(n) },
    readAuthority,
  ],
  ['reserved header', { 'a long name': (n) => `x-forwarded-${'a'.repeat(n)}` }, (name) => headerClass(name)],
  [
    'path',
    { escapes: (n) => '/%41'.repeat(n), 'kept escapes': (n) => '/%c3'.repeat(n), dots: (n) => '/...'.repeat(n) },
    normalisePath,
  ],
  ['loosely read path', { escapes: (n) => '/%c3'.repeat(n), slashes: (n) => '/%2F'.repeat(n) }, looseReading],
]

const cases = parsers.flatMap(([name, shapes, parse]) =>
  Object.entries(shapes).map(([shape, text]) => ({ name, shape, text, parse })),
)

describe('work at twice the input is at most twice the work', () => {
  it.each(cases)('$name: $shape', ({ text, parse }) => {
    const make = (n: number) => {
      const given = text(n)
      return () => void parse(given)
    }
    // Short enough for the longest path that is read at all.
    expect(growthOf(make, 1000).factor).toBeLessThan(2.2)
  })

  it.each([
    ['many headers', (n: number) => Array.from({ length: n }, (_, at) => [`x-${at}`, 'a']).flat()],
    ['cookie lines', (n: number) => Array.from({ length: n }, () => ['Cookie', 'a=b']).flat()],
    [
      'headers that Connection names',
      (n: number) => Array.from({ length: n }, (_, at) => ['Connection', `x-${at}`, `X-${at}`, '1']).flat(),
    ],
  ])('headers: %s', (_name, lines) => {
    const make = (n: number) => {
      const given = lines(n)
      return () => void readHeaders(given)
    }
    expect(growthOf(make, 12).factor).toBeLessThan(2.4)
  })

  it('headers: long values', () => {
    const make = (n: number) => {
      const given = ['Cookie', 'a'.repeat(n), 'X-Forwarded-For', '1,'.repeat(n), 'Connection', 'b,'.repeat(n)]
      return () => void readHeaders(given)
    }
    expect(growthOf(make, 5000).factor).toBeLessThan(2.2)
  })
})
