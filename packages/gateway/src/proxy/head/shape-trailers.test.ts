import { describe, expect, it } from 'vitest'
import { headerNames } from '../../domain/header-name.ts'
import { shapeTrailers, trailersMax } from './shape-trailers.ts'

describe('S12: a trailer says nothing that belongs into a head', () => {
  it.each([
    'Content-Length',
    'Transfer-Encoding',
    'Host',
    'Connection',
    'TE',
    'Trailer',
    'Authorization',
    'Proxy-Authorization',
    'Cookie',
    'Set-Cookie',
    'DPoP',
    'X-Forwarded-For',
    'X_Forwarded.For',
    'X-HTTP-Method-Override',
    'X-Original-URL',
    'Jotgate-Decision',
    'Remote-User',
    'Access-Control-Allow-Origin',
    'Content-Type',
    'Cache-Control',
    'X-User',
    'x_user',
  ])('%s is dropped', (name) => {
    expect(shapeTrailers([name, 'x', 'X-Checksum', 'abc'], headerNames(['X-User']))).toEqual(['X-Checksum', 'abc'])
  })

  it('names that are no tokens and values no header may hold are dropped', () => {
    const raw = ['a b', '1', '', '2', ':status', '3', 'x-lf', 'a\nb', 'x-wide', 'ĊX', 'grpc-status', '0']
    expect(shapeTrailers(raw)).toEqual(['grpc-status', '0'])
  })

  it('fields are bounded in number', () => {
    const raw = Array.from({ length: 3 * trailersMax }, (_, i) => [`x-${i}`, 'v']).flat()
    expect(shapeTrailers(raw).length).toBe(2 * trailersMax)
  })
})
