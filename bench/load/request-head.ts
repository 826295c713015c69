import { browserHeaders } from './browser-headers.ts'

const common = browserHeaders.map(([name, value]) => `${name}: ${value}\r\n`).join('')

/** The head of an HTTP/1.1 request as a browser would send it, with the token. A body makes it a POST. */
export function requestHead(path: string, token: string, bodyBytes = 0, isLast = false): Buffer {
  const method = bodyBytes > 0 ? 'POST' : 'GET'
  const length = bodyBytes > 0 ? `Content-Type: application/octet-stream\r\nContent-Length: ${bodyBytes}\r\n` : ''
  const close = isLast ? 'Connection: close\r\n' : ''
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\n${common}${length}${close}Authorization: Bearer ${token}\r\n\r\n`,
    'latin1',
  )
}
