import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countForwardedSteps, parseForwarded } from './parse-forwarded.ts'

function hop(parts: { for?: string; host?: string; proto?: string }): object {
  return { for: undefined, host: undefined, proto: undefined, ...parts }
}

describe('reading Forwarded (RFC 7239 4)', () => {
  it.each<[string, readonly object[]]>([
    ['for=192.0.2.60;proto=http;by=203.0.113.43', [hop({ for: '192.0.2.60', proto: 'http' })]],
    ['for=192.0.2.43, for=198.51.100.17', [hop({ for: '192.0.2.43' }), hop({ for: '198.51.100.17' })]],
    ['For="[2001:db8:cafe::17]:4711"', [hop({ for: '[2001:db8:cafe::17]:4711' })]],
    ['for="_gazonk"', [hop({ for: '_gazonk' })]],
    [
      'for=unknown;host="api.example:8080";PROTO=https',
      [hop({ for: 'unknown', host: 'api.example:8080', proto: 'https' })],
    ],
    ['for="a\\"b,c;d=\\\\e"', [hop({ for: 'a"b,c;d=\\e' })]],
    ['secret=x;for=192.0.2.1', [hop({ for: '192.0.2.1' })]],
    ['by=_me', [hop({})]],
    [' , for=192.0.2.1 ,\t, for=192.0.2.2, ', [hop({ for: '192.0.2.1' }), hop({ for: '192.0.2.2' })]],
    ['', []],
  ])('%j is read', (value, hops) => {
    expect(parseForwarded(value)).toEqual(hops)
  })

  it.each([
    'for',
    'for=',
    '=1',
    'for=""',
    'for=192.0.2.1;',
    'for=192.0.2.1 ;proto=http',
    'for=192.0.2.1; proto=http',
    'for = 192.0.2.1',
    'for=192.0.2.1;for=192.0.2.2',
    'for=192.0.2.1;FOR=192.0.2.2',
    'for=[2001:db8::1]',
    'for=192.0.2.1:80',
    'for="192.0.2.1',
    'for="192.0.2.1\\',
    'for="192.0.2.1"x',
    'for=192.0.2.1 for=192.0.2.2',
    'for=é',
    '__proto__',
  ])('%j says nothing', (value) => {
    expect(parseForwarded(value)).toBeUndefined()
  })

  it('a stranger who leaves a quote open cannot swallow what the trusted proxy says behind it', () => {
    for (const own of ['for=192.0.2.1', 'for="[2001:db8::1]"', 'for="[2001:db8::1]:80";host="a:1";proto=https']) {
      for (const left of ['for="', 'x="', 'for=6.6.6.6;x="', 'for=6.6.6.6;x="y\\', 'for=6.6.6.6;x="y" z="']) {
        const hops = parseForwarded(`${left}, ${own}`)
        expect(hops === undefined || hops.at(-1)).toEqual(hops === undefined ? true : parseForwarded(own)?.[0])
        expect(hops).toBeUndefined()
      }
    }
  })

  it('what is written as the grammar has it is read back', () => {
    const name = fc.constantFrom('for', 'host', 'proto', 'by', 'x-y')
    const text = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 12 })
    const hops = fc.array(fc.dictionary(name, text, { minKeys: 1 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(hops, (written) => {
        const quoted = (value: string): string => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
        const elements = written.map((one) =>
          Object.entries(one)
            .map(([key, value]) => `${key}=${quoted(value)}`)
            .join(';'),
        )
        const wanted = written.map((one) => hop({ ...pick(one, 'for'), ...pick(one, 'host'), ...pick(one, 'proto') }))
        expect(parseForwarded(elements.join(', '))).toEqual(wanted)
      }),
    )
  })

  it.each<[string, (n: number) => string]>([
    ['hops', (n) => 'for=192.0.2.1,'.repeat(n)],
    ['parameters', (n) => `for=1${Array.from({ length: n }, (_, at) => `;x${at}=1`).join('')}`],
    ['an open quote', (n) => `for="${'a'.repeat(n)}`],
    ['escapes', (n) => `for="${'\\"'.repeat(n)}"`],
    ['blanks', (n) => ' ,\t'.repeat(n)],
  ])('takes steps in proportion to its input: %s', (_, shape) => {
    const [single, double] = [countForwardedSteps(shape(5_000)), countForwardedSteps(shape(10_000))]
    expect(single).toBeGreaterThan(4_999)
    expect(double / single).toBeGreaterThan(1.9)
    expect(double / single).toBeLessThan(2.2)
    expect(double).toBeLessThanOrEqual(shape(10_000).length)
  })
})

function pick(one: Readonly<Record<string, string>>, key: string): object {
  return one[key] === undefined ? {} : { [key]: one[key] }
}
