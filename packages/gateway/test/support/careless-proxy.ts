import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A proxy as one should not be: it uses connections again though answers are owed or left on them. */
export interface CarelessProxy {
  readonly port: number
  readonly close: () => Promise<void>
}

/** A connection to the upstream and what came on it; `wake` runs when more came or it ended. */
interface Pooled {
  readonly socket: Socket
  text: string
  /** Whose it was first. */
  user: string | undefined
  wake: () => void
}

const refusal = (status: number): string => `HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`

/** Starts it before `upstreamPort`; tokens are believed, and an answer is given up after `patienceMs`. */
export async function startCarelessProxy(upstreamPort: number, patienceMs: number): Promise<CarelessProxy> {
  const free: Pooled[] = []
  const sockets = new Set<Socket>()

  const dial = (): Pooled => {
    const socket = connect({ port: upstreamPort, host: '127.0.0.1', noDelay: true })
    const pooled: Pooled = { socket, text: '', user: undefined, wake: () => undefined }
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      pooled.text += chunk.toString('latin1')
      pooled.wake()
    })
    socket.on('close', () => pooled.wake())
    return pooled
  }

  async function forward(request: string): Promise<string> {
    const token = /^authorization: bearer [^.]*\.([^.]*)/im.exec(request)?.[1]
    const pooled = free.pop() ?? dial()
    if (token !== undefined) pooled.user ??= JSON.parse(Buffer.from(token, 'base64url').toString()).sub
    const told = pooled.user === undefined ? '' : `\r\nX-User: ${pooled.user}`
    pooled.socket.write(request.replace('\r\n\r\n', `${told}\r\n\r\n`))
    const deadlineMs = Date.now() + patienceMs
    for (;;) {
      const end = messageEnd(pooled.text)
      if (end > 0) {
        const answer = pooled.text.slice(0, end)
        pooled.text = pooled.text.slice(end)
        free.push(pooled)
        return answer
      }
      if (pooled.socket.destroyed) return refusal(502)
      if (Date.now() >= deadlineMs) {
        free.push(pooled)
        return refusal(504)
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadlineMs - Date.now())
        pooled.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  const server = createServer({ noDelay: true }, (caller) => {
    let text = ''
    let last = Promise.resolve()
    sockets.add(caller)
    caller.on('error', () => undefined)
    caller.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (let end = messageEnd(text); end > 0; end = messageEnd(text)) {
        const request = text.slice(0, end)
        text = text.slice(end)
        last = last.then(async () => void caller.write(await forward(request), 'latin1'))
      }
    })
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

/** Where the first message of the text ends; 0: not yet. */
function messageEnd(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return 0
  const head = text.slice(0, headEnd)
  if (/^transfer-encoding: chunked$/im.test(head)) {
    const last = text.indexOf('\r\n0\r\n\r\n', headEnd)
    return last === -1 ? 0 : last + 7
  }
  const end = headEnd + 4 + Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
  return end <= text.length ? end : 0
}
