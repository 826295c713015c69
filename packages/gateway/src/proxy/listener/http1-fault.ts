import type { BodyFault } from '../framing/message-body.ts'

/** Why bytes are no request (RFC 9112); the text goes to logs and `explain`, never to the caller. */
export type Http1Fault =
  | 'headers_too_large'
  | 'headers_timeout'
  | 'method'
  | 'target'
  | 'version'
  | 'request_line'
  | 'header_name'
  | 'header_value'
  | 'bare_lf'
  | 'truncated'
  | BodyFault
