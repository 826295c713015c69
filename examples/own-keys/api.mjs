// The API to protect: it answers who Jotgate says is calling.
import { createServer } from 'node:http'

const port = Number(process.env.API_PORT ?? 9000)
createServer((request, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(`${JSON.stringify({ path: request.url, user: request.headers['x-user'] ?? null })}\n`)
}).listen(port, '127.0.0.1')
