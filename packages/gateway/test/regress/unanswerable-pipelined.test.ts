import { expect, it } from 'vitest'
import { openListener } from '../support/open-listener.ts'
import { openWire } from '../support/wire-caller.ts'

const kept = (target: string): string => `GET ${target} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`

it('a request behind an HTTP/1.0 one whose answer only the end of the connection frames is not carried out', async () => {
  const listener = await openListener()
  const wire = await openWire(listener.port)
  wire.write(kept('/first') + kept('/second'))
  const { reply } = await listener.exchange(0)
  reply.head(200, [], undefined)
  reply.data(Buffer.from('whole'))
  reply.end()
  const answer = await wire.answer()
  expect(answer.body).toBe('whole')
  expect(answer.headers.get('connection')).toEqual(['close'])
  await wire.closed
  expect(listener.exchanges.map(({ target }) => target)).toEqual(['/first'])
  await listener.drain(1000)
})
