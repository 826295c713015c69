import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A proxy as one should not be: it guesses where a request ends, and hands on the bytes as they came. */
export interface LenientProxy {
  readonly port: number
  readonly close: () => Promise<void>
}

/** Starts a proxy to `upstreamPort` that forgives everything. When its caller has said all, it lets the upstream go. */
export async function startLenientProxy(upstreamPort: number): Promise<LenientProxy> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (caller) => {
    const upstream = connect({ port: upstreamPort, host: '127.0.0.1', noDelay: true })
    let text = ''
    const handOn = (isLast: boolean): void => {
      for (let end = guessEnd(text); end > 0; end = guessEnd(text)) {
        upstream.write(text.slice(0, end), 'latin1')
        text = text.slice(end)
      }
      if (isLast) upstream.end(text, 'latin1')
    }
    caller.on('data', (chunk) => {
      text += chunk.toString('latin1')
      handOn(false)
    })
    caller.on('end', () => handOn(true))
    upstream.pipe(caller)
    upstream.on('close', () => caller.destroy())
    for (const socket of [caller, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Where the first request ends by the loosest reading; 0: not yet. */
function guessEnd(text: string): number {
  const head = /^[\s\S]*?\r?\n\r?\n/.exec(text)?.[0]
  if (head === undefined) return 0
  if (/transfer.encoding.*chunked/i.test(head)) {
    const last = /(?:^|\n)0+[^\n]*\n(?:[^\n]+\n)*?\r?\n/.exec(text.slice(head.length))
    return last === null ? 0 : head.length + last.index + last[0].length
  }
  const length = Number.parseInt(/content.length\s*:\s*([^\r\n]*)/i.exec(head)?.[1] ?? '0', 10)
  const end = head.length + (length > 0 ? length : 0)
  return end <= text.length ? end : 0
}
