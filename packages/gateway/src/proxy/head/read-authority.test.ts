import { describe, expect, it } from 'vitest'
import { readAuthority } from './read-authority.ts'

describe('the host of an authority', () => {
  it.each([
    ['api.example', 'api.example'],
    ['API.Example:8080', 'api.example'],
    ['api.example:', 'api.example'],
    ['api.example.', 'api.example'],
    ['127.0.0.1:80', '127.0.0.1'],
    ['[2001:DB8::1]:8080', '[2001:db8::1]'],
    ['[::1]', '[::1]'],
    ['my_service', 'my_service'],
  ])('of %s is %s', (authority, host) => {
    expect(readAuthority(authority)).toBe(host)
  })

  it.each([
    '',
    '.',
    ':80',
    'user@api.example',
    'api.example:80:80',
    'api.example:port',
    'api.example:123456',
    'api.example/x',
    'api example',
    'api.example, other',
    'api%2eexample',
    'café.example',
    '[::1',
    '[]',
    '[::1]x',
    '[::1]x:80',
    '[evil.example]',
    'a'.repeat(300),
  ])('%j is none', (authority) => {
    expect(readAuthority(authority)).toBeUndefined()
  })
})
