import type { LimitsPlan } from '../../src/compile/plan.ts'
import type { Exchange } from '../../src/proxy/exchange.ts'
import { type Listener, listen } from '../../src/proxy/listener/listener.ts'
import { plainLimits, plainListener } from '../fixtures/limits.ts'

/** A listener alone: the test is what answers. */
export interface OpenListener extends Listener {
  /** Every request handed over so far, in order. */
  readonly exchanges: readonly Exchange[]
  /** The nth request, counted from 0, once it is there. */
  readonly exchange: (at: number) => Promise<Exchange>
}

/** `answer` gets each request as it comes; without it they wait for the test. */
export async function openListener(
  answer: (exchange: Exchange) => void = () => undefined,
  limits: Partial<LimitsPlan> = {},
): Promise<OpenListener> {
  const inForce = { ...plainLimits, ...limits }
  const exchanges: Exchange[] = []
  let wake: () => void = () => undefined
  const listener = await listen(
    {
      handle: (exchange) => {
        exchanges.push(exchange)
        wake()
        answer(exchange)
      },
      refuse: (_exchange, reject) => {
        throw new Error(`refused: ${reject.reason}`)
      },
      refuseRaw: (fault) => `HTTP/1.1 400 ${fault}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    },
    {
      ...{ address: '127.0.0.1', port: 0, exclusive: true, reusePort: false, listener: 0, tls: undefined },
      ...{ ...plainListener, limits: () => inForce },
    },
  )
  return {
    ...listener,
    exchanges,
    exchange: async (at) => {
      for (;;) {
        const exchange = exchanges[at]
        if (exchange !== undefined) return exchange
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}
