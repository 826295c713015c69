import { createServer } from 'node:net'
import { createMessageReader } from '../load/message-reader.ts'

/**
 * An upstream that reads a request's body to its end before it answers, keeping nothing: nginx answers `return 200` first and
 * reads after. `read-bodies.ts <port>`; `GET /status` is answered with what nginx's `stub_status` says.
 */
const [port = '0'] = process.argv.slice(2)
const answer = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}',
  'latin1',
)
const statusLine = Buffer.from('GET /status ', 'latin1')
let accepts = 0
let requests = 0

const server = createServer({ noDelay: true }, (socket) => {
  accepts++
  let isStatus = false
  let isFirst = true
  const read = createMessageReader(() => {
    requests++
    if (isStatus) socket.end(asAnswer(`server accepts handled requests\n ${accepts} ${accepts} ${requests}\n`))
    else socket.write(answer)
  })
  socket.on('data', (chunk) => {
    // Whoever asks for the status opens a connection for it.
    if (isFirst) isStatus = chunk.subarray(0, statusLine.length).equals(statusLine)
    isFirst = false
    read(chunk)
  })
  socket.on('error', () => undefined)
})

function asAnswer(text: string): string {
  return `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n${text}`
}

server.listen(Number(port), '127.0.0.1', 4096)
