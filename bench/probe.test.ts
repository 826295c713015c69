import { describe, expect, it } from 'vitest'
import { answerFault, type Probe } from './probe.ts'

const plain = { transport: 'http', body: { upBytes: 0, downBytes: 0 } } as const
const good: Probe = { name: 'a good token', token: 't', status: 200 }
const forged: Probe = { name: 'a forged token', token: 't', status: 401 }
const ok = { status: 200, body: Buffer.from('{"ok":true}'), handshake: undefined }

describe('the answer to a probe', () => {
  it('has no fault where it is what the case wants', () => {
    expect(answerFault(good, plain, ok)).toBeUndefined()
    expect(answerFault(forged, plain, { ...ok, status: 401, body: Buffer.from('no') })).toBeUndefined()
  })

  it('tells a signature that was not checked', () => {
    expect(answerFault(forged, plain, ok)).toBe('a forged token was answered 200, not 401')
  })

  it("tells an answer that is not the upstream's own", () => {
    expect(answerFault(good, plain, { ...ok, body: Buffer.from('{"ok":false}') })).toContain("the upstream's body")
    const download = { ...plain, body: { upBytes: 0, downBytes: 3 } }
    expect(answerFault(good, download, { ...ok, body: Buffer.from('xx') })).toContain("the upstream's body")
    expect(answerFault(good, download, { ...ok, body: Buffer.from('xxx') })).toBeUndefined()
  })

  it('tells another handshake', () => {
    const overTls = { ...plain, transport: 'https' } as const
    expect(answerFault(good, overTls, { ...ok, handshake: 'TLSv1.2 x y' })).toBe('the handshake was TLSv1.2 x y')
  })
})
