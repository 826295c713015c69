import { type Answer, send } from '../integration/gateway-process.ts'

/** What a page asks its browser to send. */
export interface PageRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly credentials?: boolean
}

/** What the script gets: an answer with the headers it may see, or a network error, with the step that ended it. */
export type PageAnswer =
  | {
      readonly seen: true
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
    }
  | { readonly seen: false; readonly endedBy: 'preflight' | 'answer'; readonly answer: Answer }

/** Fetch 2.2.1 and 2.2.2: methods, request headers and answer headers that need no permission. */
const safeMethods = ['GET', 'HEAD', 'POST']
const safeRequestHeaders = ['accept', 'accept-language', 'content-language', 'range']
const safeAnswerHeaders = [
  'cache-control',
  'content-language',
  'content-length',
  'content-type',
  'expires',
  'last-modified',
  'pragma',
]

/** Sends a request as a browser does for a page of another site: the CORS protocol of Fetch 3.2 and 4.8, step by step. */
export async function pageFetch(origin: string, url: string, request: PageRequest = {}): Promise<PageAnswer> {
  const { method = 'GET', headers = {}, credentials = false } = request
  const unsafe = Object.keys(headers)
    .map((name) => name.toLowerCase())
    .filter((name) => !safeRequestHeaders.includes(name))
    .sort()
  if (!safeMethods.includes(method) || unsafe.length > 0) {
    const asked = unsafe.length === 0 ? {} : { 'Access-Control-Request-Headers': unsafe.join(',') }
    const answer = await send(url, {
      method: 'OPTIONS',
      headers: { Origin: origin, 'Access-Control-Request-Method': method, ...asked },
    })
    if (!permits(answer, origin, credentials) || !allows(answer, method, unsafe, credentials)) {
      return { seen: false, endedBy: 'preflight', answer }
    }
  }
  const answer = await send(url, { method, headers: { ...headers, Origin: origin } })
  if (!permits(answer, origin, credentials)) return { seen: false, endedBy: 'answer', answer }
  const exposed = [
    ...safeAnswerHeaders,
    ...listOf(answer, 'access-control-expose-headers').map((name) => name.toLowerCase()),
  ]
  const seen = Object.entries(answer.headers).filter(([name]) => exposed.includes(name))
  return {
    seen: true,
    status: answer.status,
    headers: Object.fromEntries(seen.map(([name, value]) => [name, String(value)])),
    body: answer.body,
  }
}

/** Fetch 4.10, the CORS check. */
function permits({ headers }: Answer, origin: string, credentials: boolean): boolean {
  const allowed = headers['access-control-allow-origin']
  if (!credentials && allowed === '*') return true
  if (allowed !== origin) return false
  return !credentials || headers['access-control-allow-credentials'] === 'true'
}

/** Fetch 4.8, from step 7 on. */
function allows(answer: Answer, method: string, unsafe: readonly string[], credentials: boolean): boolean {
  if (answer.status < 200 || answer.status > 299) return false
  const methods = listOf(answer, 'access-control-allow-methods')
  if (!safeMethods.includes(method) && !methods.includes(method) && (credentials || !methods.includes('*')))
    return false
  const names = listOf(answer, 'access-control-allow-headers').map((name) => name.toLowerCase())
  return unsafe.every(
    (name) => names.includes(name) || (!credentials && name !== 'authorization' && names.includes('*')),
  )
}

function listOf({ headers }: Answer, name: string): readonly string[] {
  return String(headers[name] ?? '')
    .split(',')
    .map((member) => member.trim())
}
