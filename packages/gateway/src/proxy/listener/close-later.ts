import type { ServerHttp2Stream } from 'node:http2'

/**
 * Ends a stream when what was read of its session has been worked off: reset while nghttp2 is inside one of the
 * stream's own frames, it may be freed twice. Node itself defers resets with CANCEL alone.
 */
export function closeLater(stream: ServerHttp2Stream, code: number): void {
  setImmediate(close, stream, code)
}

function close(stream: ServerHttp2Stream, code: number): void {
  if (!stream.destroyed) stream.close(code)
}
