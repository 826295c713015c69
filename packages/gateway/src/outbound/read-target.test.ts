import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTarget } from './read-target.ts'

describe('S6: a URL is taken apart once, and has one reading', () => {
  it('scheme, host, port and path are taken apart', () => {
    expect(readTarget('https://IdP.example/a/b?c=d#e')).toEqual({
      ok: true,
      value: { secure: true, host: 'idp.example', port: 443, authority: 'idp.example', path: '/a/b?c=d' },
    })
    expect(readTarget('http://[::1]:8080')).toEqual({
      ok: true,
      value: { secure: false, host: '::1', port: 8080, authority: '[::1]:8080', path: '/' },
    })
  })

  it.each([
    ['https://user@idp.example/', 'userinfo_refused'],
    ['https://user:word@idp.example/', 'userinfo_refused'],
    ['https://idp.example@10.0.0.1/', 'userinfo_refused'],
    ['http://2130706433/', 'host_spelling_refused'],
    ['http://0x7f.1/', 'host_spelling_refused'],
    ['http://0177.0.0.1/', 'host_spelling_refused'],
    ['http://127.1/', 'host_spelling_refused'],
    ['http://127.0.0.01/', 'host_spelling_refused'],
    ['http://%31%32%37.0.0.1/', 'host_spelling_refused'],
    ['http://127.0.0.1%2f.example/', 'url_invalid'],
    ['http://idp.example\\@10.0.0.1/', 'url_invalid'],
    ['http://idp.ex\tample/', 'url_invalid'],
    ['http://１２７.0.0.1/', 'url_invalid'],
    ['http://bücher.example/', 'url_invalid'],
    ['http:/idp.example/', 'url_invalid'],
    ['http:idp.example/', 'url_invalid'],
    ['file:///etc/passwd', 'url_invalid'],
    ['ftp://idp.example/', 'url_invalid'],
    ['//idp.example/', 'url_invalid'],
    ['http://idp.example:0/', 'url_invalid'],
    ['http://idp.example:99999/', 'url_invalid'],
    ['http://[fe80::1%25eth0]/', 'url_invalid'],
    ['http:///path', 'host_spelling_refused'],
    ['', 'url_invalid'],
  ])('%s is refused as %s', (url, code) => {
    expect(readTarget(url)).toMatchObject({ ok: false, error: { code } })
  })

  it('a URL over 2048 characters is refused', () => {
    expect(readTarget(`https://idp.example/${'a'.repeat(2048)}`)).toMatchObject({ error: { code: 'url_invalid' } })
  })

  it('whatever is accepted, the host written is the host the URL standard reads', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), (url) => {
        const target = readTarget(url)
        if (target.ok) expect(new URL(url).hostname).toBe(target.value.host)
      }),
    )
  })
})
