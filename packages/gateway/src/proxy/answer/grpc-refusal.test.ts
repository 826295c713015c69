import { describe, expect, it } from 'vitest'
import { fakeExchange } from '../../../test/upstream/fake-exchange.ts'
import type { Exchange } from '../exchange.ts'
import { grpcRefusal, isGrpcCall } from './grpc-refusal.ts'

const call = (type: string, over: Partial<Exchange> = {}): Exchange => ({
  ...fakeExchange({ method: 'POST' }).exchange,
  httpVersion: '2.0',
  rawHeaders: ['host', 'a', 'content-type', type],
  ...over,
})

describe('a gRPC caller', () => {
  it.each(['application/grpc', 'application/grpc+proto', 'application/grpc; charset=utf-8', 'Application/gRPC'])(
    'is known by %s',
    (type) => expect(isGrpcCall(call(type))).toBe(true),
  )

  it.each([
    ['gRPC-Web', call('application/grpc-web+proto')],
    ['another type', call('application/json')],
    ['HTTP/1.1', call('application/grpc', { httpVersion: '1.1' })],
    ['another method', call('application/grpc', { method: 'GET' })],
    ['no type', call('', { rawHeaders: [] })],
  ])('is not who comes with %s', (_name, exchange) => expect(isGrpcCall(exchange)).toBe(false))

  it.each([
    [400, '13'],
    [401, '16'],
    [403, '7'],
    [404, '12'],
    [405, '2'],
    [429, '14'],
    [502, '14'],
    [504, '14'],
  ])('is told %i as gRPC status %s, with challenge and decision', (status, expected) => {
    const raw = ['content-type', 'application/problem+json', 'jotgate-decision', 'd', 'www-authenticate', 'Bearer']
    expect(grpcRefusal(raw, { status, code: 'token_missing', close: false })).toEqual([
      'content-type',
      'application/grpc',
      'grpc-status',
      expected,
      'grpc-message',
      'token_missing',
      'jotgate-decision',
      'd',
      'www-authenticate',
      'Bearer',
    ])
  })
})
