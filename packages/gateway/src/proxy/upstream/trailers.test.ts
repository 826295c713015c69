import { describe, expect, it } from 'vitest'
import {
  clockedPools,
  closeAfterEach,
  closing,
  sendOn,
  targetOf,
  upstreamPlan,
} from '../../../test/upstream/loopback-pools.ts'
import { rawUpstream } from '../../../test/upstream/raw-upstream.ts'
import { headerNames } from '../../domain/header-name.ts'

closeAfterEach()

const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

describe('S12 trailers of HTTP/1.1', () => {
  it('of an answer pass without what belongs into a head, and the connection is used again', async () => {
    const upstream = closing(
      await rawUpstream((socket, received) => {
        received.text = ''
        socket.write(`${head}2\r\nok\r\n0\r\nX-Sum: 1\r\nSet-Cookie: a=b\r\nContent-Length: 9\r\n\r\n`)
      }),
    )
    const on = clockedPools()
    const plan = upstreamPlan([targetOf(upstream.port)])
    for (const reused of [false, true]) {
      const sent = sendOn(on, plan)
      expect(await sent.outcome).toMatchObject({ ok: true, reused })
      expect(sent.got.trailers).toEqual(['X-Sum', '1'])
    }
  })

  it('of one answer are never those of the next on its connection', async () => {
    let count = 0
    const upstream = closing(
      await rawUpstream((socket, received) => {
        received.text = ''
        socket.write(`${head}2\r\nok\r\n0\r\n${count++ === 0 ? 'X-Sum: 1\r\n' : ''}\r\n`)
      }),
    )
    const on = clockedPools()
    const plan = upstreamPlan([targetOf(upstream.port)], { connectionsMax: 1 })
    const both = [sendOn(on, plan), sendOn(on, plan)]
    for (const { outcome } of both) expect(await outcome).toMatchObject({ ok: true })
    expect(both.map(({ got }) => got.trailers)).toEqual([['X-Sum', '1'], undefined])
  })

  it('of a request pass without what the gateway alone may say, also when it is sent once more', async () => {
    const seen: string[] = []
    const upstream = closing(
      await rawUpstream((socket, received, connection) => {
        if (received.text.startsWith('GET')) {
          received.text = ''
          socket.write('HTTP/1.1 204 No\r\n\r\n')
        } else if (connection === 1) socket.resetAndDestroy()
        else if (/\r\n0\r\n(.+\r\n)*\r\n$/.test(received.text)) {
          seen.push(received.text.slice(received.text.indexOf('\r\n0\r\n')))
          received.text = ''
          socket.write('HTTP/1.1 204 No\r\n\r\n')
        }
      }),
    )
    const on = clockedPools()
    const plan = upstreamPlan([targetOf(upstream.port)])
    await sendOn(on, plan).outcome
    const sent = sendOn(
      on,
      plan,
      {
        method: 'PUT',
        kind: 'chunked',
        onStart: (sink) => {
          sink.data(Buffer.from('abc'))
          sink.end(['X-Sum', '2', 'X_User', 'eve', 'X-Lf', 'a\r\nb: c', 'Host', 'other'])
        },
      },
      { heldFromTrailers: headerNames(['x-user']) },
    )
    expect(await sent.outcome).toMatchObject({ ok: true, reused: false })
    expect(on.counters.retried).toBe(1)
    expect(seen).toEqual(['\r\n0\r\nX-Sum: 2\r\n\r\n'])
  })
})
