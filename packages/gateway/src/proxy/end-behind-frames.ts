/** What this needs of a session of `node:http2`. */
interface Session {
  close(callback?: () => void): void
  destroy(error?: NodeJS.ErrnoException, code?: number): void
}

/** What nghttp2 found in the bytes it reads: it reads no more of them. */
const framingErrors = /^ERR_HTTP2_(ERROR|TOO_MANY_INVALID_FRAMES)$/

/**
 * Has a session end behind the frames that were read with the one that ends it, whoever asks for it, Node's own code at a
 * GOAWAY too. Ended between them it is still given those behind: Node 22 aborts the process at their content
 * (nodejs/node#64850), others read freed memory (nodejs/node#64113).
 */
export function endBehindFrames(session: Session): void {
  const close = session.close.bind(session)
  const destroy = session.destroy.bind(session)
  session.close = (callback) => void setImmediate(close, callback)
  session.destroy = (error, code) => {
    if (isFramingError(error)) destroy(error, code)
    else setImmediate(destroy, error, code)
  }
}

/** Whether a session ended because nghttp2 could not go on reading what its peer sent. */
export function isFramingError(error: NodeJS.ErrnoException | undefined): boolean {
  return framingErrors.test(error?.code ?? '')
}
