/**
 * What one HTTP/2 session may cost (security rules S13, S15). Each line is a bound somebody once lacked; docs/http2.md says
 * which attack it answers and whether Node's stack or this folder enforces it.
 */
export const http2Limits = {
  /** Streams open at once (SETTINGS_MAX_CONCURRENT_STREAMS). */
  streamsMax: 100,
  /** Header list by RFC 9113 6.5.2: names, values and 32 bytes a field. Beyond it 431. */
  headerListBytesMax: 16_384,
  /** What is announced, and where Node resets the stream instead: between the two a caller is told what was wrong. */
  headerListBytesCut: 32_768,
  /** Fields, pseudo-headers included, beyond which Node resets the stream; 100 get a 431 from `readRequest`. */
  headerFieldsCut: 128,
  /** Bytes of a stream's body that may be on their way unread (SETTINGS_INITIAL_WINDOW_SIZE). */
  streamWindowBytes: 65_536,
  /** The same for all streams of a session, so that a few unread bodies do not hold up the others. */
  sessionWindowBytes: 1_048_576,
  /** Memory Node lets a session hold, in MB: its streams, header lists and unsent frames. */
  sessionMemoryMb: 10,
  /** Frames that break a rule, empty DATA frames among them, before Node ends the session. */
  invalidFramesMax: 100,
  /** Streams opened beyond `streamsMax` before Node ends the session. */
  rejectedStreamsMax: 100,
  /** Settings in one SETTINGS frame. */
  settingsMax: 32,
  /** Streams that ended by RST_STREAM, whoever sent it: CVE-2023-44487 and CVE-2025-8671. */
  resets: { burst: 200, perSecond: 20 },
  pings: { burst: 50, perSecond: 5 },
  settings: { burst: 10, perSecond: 1 },
} as const

/** What `performServerHandshake` is given. Options a Node does not know it ignores; then our own counting stands alone. */
export const sessionOptions: object = {
  maxSessionMemory: http2Limits.sessionMemoryMb,
  maxHeaderListPairs: http2Limits.headerFieldsCut,
  maxSessionInvalidFrames: http2Limits.invalidFramesMax,
  maxSessionRejectedStreams: http2Limits.rejectedStreamsMax,
  maxSettings: http2Limits.settingsMax,
  // The gateway sends no PING of its own.
  maxOutstandingPings: 1,
  streamResetBurst: http2Limits.resets.burst,
  streamResetRate: http2Limits.resets.perSecond,
  settings: {
    maxConcurrentStreams: http2Limits.streamsMax,
    maxHeaderListSize: http2Limits.headerListBytesCut,
    initialWindowSize: http2Limits.streamWindowBytes,
    enableConnectProtocol: false,
    enablePush: false,
  },
}
