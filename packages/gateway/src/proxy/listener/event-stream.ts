/** Whether an answer is an event stream (WHATWG HTML 9.2), whose messages may be far apart. */
export function isEventStream(rawHeaders: readonly string[]): boolean {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (name.length !== contentType.length || name.toLowerCase() !== contentType) continue
    return (rawHeaders[at + 1] ?? '').slice(0, eventStream.length).toLowerCase() === eventStream
  }
  return false
}

const contentType = 'content-type'
const eventStream = 'text/event-stream'
