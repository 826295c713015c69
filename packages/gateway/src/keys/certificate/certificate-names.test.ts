import { expect, it } from 'vitest'
import { certificateNames } from './certificate-names.ts'

it.each<readonly [string | undefined, readonly string[]]>([
  [undefined, []],
  ['DNS:A.example, DNS:*.b.example, IP Address:192.0.2.1, DNS:a.example', ['a.example', '*.b.example']],
  ['DNS:"x, DNS:evil.example, y", DNS:good.example', ['good.example']],
  ['DNS:"q\\", DNS:evil.example", email:a@b.example', []],
  ['DNS:*, DNS:*.*.example, DNS:w*.example, DNS:.example, DNS:a..b', []],
  ['URI:https://a.example/, DNS:xn--bcher-kva.example', ['xn--bcher-kva.example']],
])('the DNS names of %j are %j', (given, names) => {
  expect(certificateNames(given)).toEqual(names)
})
