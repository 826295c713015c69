import { foldHeaderName, type HeaderNames, headerNames } from '../../domain/header-name.ts'

/** Headers a request is judged by: naming one in `Connection` must not hide it from whoever reads it next. */
const endToEnd: readonly string[] = ['authorization', 'content-type', 'cookie', 'dpop', 'origin', 'sec-fetch-site']

/**
 * The headers a `Connection` value asks to leave out (RFC 9110 7.6.1); undefined when it names none, as nearly always.
 * Applied to what was received only, before anything is added: it can never remove what the gateway says itself.
 */
export function connectionOptions(value: string): HeaderNames | undefined {
  if (value === 'keep-alive' || value === 'close') return undefined
  const named: string[] = []
  for (const option of value.split(',')) {
    const folded = foldHeaderName(option.trim())
    if (folded !== '' && folded !== 'keep-alive' && folded !== 'close' && !endToEnd.includes(folded)) named.push(folded)
  }
  return named.length === 0 ? undefined : headerNames(named)
}
