import type { FetchAnswer } from '../../outbound/fetch-request.ts'

/** A URL as it may be shown: without its query, which can carry secrets. */
export function showUrl(url: string): string {
  return url.split(/[?#]/)[0] ?? ''
}

/** What a server said it sent, for a message: its media type, or the status when that is the news. */
export function describeAnswer(answer: FetchAnswer): string {
  const type = /^[\w.+-]{1,40}\/[\w.+-]{1,60}/.exec(answer.headers['content-type'] ?? '')?.[0]
  return `${type ?? 'something without a content type'} (status ${answer.status})`
}
