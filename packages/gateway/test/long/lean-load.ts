import { connect, type Socket } from 'node:net'

/** What a lean load came to. */
export interface LeanLoadResult {
  readonly answered: number
  /** First lines of answers that were not 200, and connections that ended. */
  readonly failed: readonly string[]
}

const answerEnd = '\r\n\r\nok'

/**
 * Sends the requests `next` makes until it makes no more, on kept connections with one in flight each, and reads no
 * more of an answer than it must: the machine's time is the gateway's. Answers must end with the body `ok`.
 */
export async function runLeanLoad(
  port: number,
  connections: number,
  next: () => string | undefined,
): Promise<LeanLoadResult> {
  const failed: string[] = []
  let answered = 0

  function converse(socket: Socket): Promise<void> {
    return new Promise((resolve) => {
      let text = ''
      const send = (): void => {
        const request = next()
        if (request === undefined) socket.end()
        else socket.write(request, 'latin1')
      }
      socket.setEncoding('latin1')
      socket.setNoDelay(true)
      socket.on('connect', send)
      socket.on('data', (chunk: string) => {
        text += chunk
        if (!text.endsWith(answerEnd)) return
        answered += 1
        if (!text.startsWith('HTTP/1.1 200 ')) failed.push(text.slice(0, text.indexOf('\r\n')))
        text = ''
        send()
      })
      socket.on('error', (error) => failed.push(String(error)))
      socket.on('close', () => {
        if (text !== '') failed.push(text.slice(0, 200))
        resolve()
      })
    })
  }

  await Promise.all(Array.from({ length: connections }, () => converse(connect(port, '127.0.0.1'))))
  return { answered, failed }
}
