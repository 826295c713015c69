import { isDeepStrictEqual } from 'node:util'
import { describeFetchFault } from '../../outbound/fetch-fault.ts'
import type { FetchRequest, GuardedFetch } from '../../outbound/fetch-request.ts'
import { createFetchSlots, type FetchSlots } from '../fetch-slots.ts'
import { describeAnswer, showUrl } from '../jwks/answer-text.ts'
import type { KeyLogLine } from '../jwks/jwks-store.ts'
import { type IntrospectionAnswer, readIntrospection, reusableUntilMs } from './introspection-answer.ts'
import { createIntrospectionCache } from './introspection-cache.ts'

/** How one issuer is asked about opaque tokens. */
export interface IntrospectionTerms {
  readonly issuerId: string
  readonly endpoint: string
  readonly clientId: string
  readonly clientSecret: string
  readonly timeoutMs: number
  /** Longest reuse of an `active` answer. */
  readonly cacheMs: number
  readonly negativeCacheMs: number
  readonly allowInsecureHttp: boolean
}

export interface IntrospectionClientPorts {
  readonly fetch: GuardedFetch
  readonly nowMs: () => number
  /** Random bytes of this process, at least 32: key of the cache's hashes. */
  readonly hashKey: Buffer
  readonly log: (line: KeyLogLine) => void
}

/** Asks providers about opaque tokens (RFC 7662). Lives in control, which alone has the client secrets. */
export interface IntrospectionClient {
  /** Puts these in force. Returns the issuers whose earlier answers hold no longer, here or in workers. */
  readonly configure: (terms: readonly IntrospectionTerms[]) => readonly string[]
  readonly introspect: (issuerId: string, token: string) => Promise<IntrospectionAnswer>
}

/** An endpoint and how it fares. */
interface Endpoint {
  readonly terms: IntrospectionTerms
  /** Part of every cache key: answers to other terms are other answers. */
  readonly version: string
  readonly slots: FetchSlots
  failuresInRow: number
  quietUntilMs: number
  loggedMs: number
}

const answerBytesMax = 64 * 1024
const requestsMax = 32
const waitingMax = 256
/** How long a token whose question failed is not asked about again. */
const tokenPauseMs = 250
const logEveryMs = 1000
const failuresBeforeQuiet = 3
const quietFirstMs = 250
const quietMaxMs = 5000
/** The one error status that speaks of the request; any other speaks of the provider or of our credentials. */
const badRequest = 400

/**
 * Makes the client. One request per token at a time; answers are reused within their time. A fault is no answer: it holds
 * for that token for 250 ms. An endpoint that cannot be reached three times in a row is left alone for a moment (250 ms
 * doubling to 5 s), and tokens that are not known are `unavailable` without a request.
 */
export function createIntrospectionClient(ports: IntrospectionClientPorts): IntrospectionClient {
  const cache = createIntrospectionCache(ports.hashKey)
  const flights = new Map<string, Promise<IntrospectionAnswer>>()
  let endpoints: ReadonlyMap<string, Endpoint> = new Map()
  let versions = 0

  return {
    configure: (all) => {
      const next = new Map<string, Endpoint>()
      for (const terms of all) {
        const before = endpoints.get(terms.issuerId)
        const unchanged = before !== undefined && isDeepStrictEqual(before.terms, terms)
        next.set(terms.issuerId, unchanged ? before : openEndpoint(terms, String(++versions)))
      }
      const changed = [...endpoints].filter(([issuerId, endpoint]) => next.get(issuerId) !== endpoint)
      endpoints = next
      return changed.map(([issuerId]) => issuerId)
    },
    introspect: (issuerId, token) => {
      const endpoint = endpoints.get(issuerId)
      if (endpoint === undefined) return unavailable(`no introspection is configured for ${issuerId}`)
      const key = cache.keyOf(issuerId, endpoint.terms.endpoint, endpoint.version, token)
      const known = cache.get(key, ports.nowMs())
      if (known !== undefined) return Promise.resolve(known)
      const running = flights.get(key)
      if (running !== undefined) return running

      const { terms, slots } = endpoint
      if (ports.nowMs() < endpoint.quietUntilMs) return unavailable(`${showUrl(terms.endpoint)} failed a moment ago`)
      if (slots.waiting() >= waitingMax) return unavailable(`${showUrl(terms.endpoint)} answers too slowly`)
      const flight = slots
        .run(() => ask(endpoint, token, ports))
        .then((answer) => {
          const nowMs = ports.nowMs()
          cache.set(key, answer, answer.state === 'unavailable' ? nowMs + tokenPauseMs : answer.untilMs, nowMs)
          return answer
        })
        .finally(() => flights.delete(key))
      flights.set(key, flight)
      return flight
    },
  }
}

function openEndpoint(terms: IntrospectionTerms, version: string): Endpoint {
  return {
    terms,
    version,
    slots: createFetchSlots(requestsMax),
    failuresInRow: 0,
    quietUntilMs: 0,
    loggedMs: Number.NEGATIVE_INFINITY,
  }
}

async function ask(endpoint: Endpoint, token: string, ports: IntrospectionClientPorts): Promise<IntrospectionAnswer> {
  const { terms } = endpoint
  const { issuerId } = terms
  const url = showUrl(terms.endpoint)
  const answer = await ports.fetch(requestFor(terms, token))
  const nowMs = ports.nowMs()
  if (!answer.ok) {
    countFailure(endpoint, nowMs)
    return fail(endpoint, `${url} ${describeFetchFault(answer.error)}`, false, ports)
  }
  if (endpoint.failuresInRow > 0) ports.log({ level: 'info', issuerId, message: `${url} answers again` })
  endpoint.failuresInRow = 0

  const { status, body } = answer.value
  if (status !== 200) return fail(endpoint, `${url} ${describeStatus(status)}`, status === badRequest, ports)
  const read = readIntrospection(body)
  if (!read.ok) return fail(endpoint, `${url} answered ${describeAnswer(answer.value)}, ${read.error}`, true, ports)
  const { active, claims } = read.value
  if (!active) return { state: 'inactive', untilMs: nowMs + terms.negativeCacheMs }
  return { state: 'active', claims, untilMs: reusableUntilMs(claims, terms.cacheMs, nowMs) }
}

/**
 * Only an endpoint that was not reached is left alone: what it answers may depend on the token, and nobody's odd token
 * may keep others from being asked about.
 */
function countFailure(endpoint: Endpoint, nowMs: number): void {
  endpoint.failuresInRow += 1
  const beyond = endpoint.failuresInRow - failuresBeforeQuiet
  if (beyond < 0) return
  endpoint.quietUntilMs = nowMs + Math.min(quietMaxMs, quietFirstMs * 2 ** Math.min(beyond, 10))
}

function describeStatus(status: number): string {
  return status === 401 || status === 403
    ? `refused the configured clientId and clientSecret (status ${status})`
    : `answered with status ${status}`
}

/** Tokens come from callers, so the log takes one line a second. */
function fail(
  endpoint: Endpoint,
  fault: string,
  answered: boolean,
  ports: IntrospectionClientPorts,
): IntrospectionAnswer {
  const nowMs = ports.nowMs()
  if (Math.abs(nowMs - endpoint.loggedMs) >= logEveryMs) {
    endpoint.loggedMs = nowMs
    ports.log({ level: 'warn', issuerId: endpoint.terms.issuerId, message: fault })
  }
  return { state: 'unavailable', fault, answered }
}

/** RFC 7662 2.1, with the client's id and secret form-encoded before Basic (RFC 6749 2.3.1). */
function requestFor(terms: IntrospectionTerms, token: string): FetchRequest {
  const basic = `${formEncode(terms.clientId)}:${formEncode(terms.clientSecret)}`
  return {
    url: terms.endpoint,
    method: 'POST',
    headers: {
      accept: 'application/json',
      authorization: `Basic ${Buffer.from(basic).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: `token=${formEncode(token)}`,
    timeoutMs: terms.timeoutMs,
    bodyBytesMax: answerBytesMax,
    trust: 'operator',
    allowInsecureHttp: terms.allowInsecureHttp,
    allowPrivate: [],
  }
}

function formEncode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

function unavailable(fault: string): Promise<IntrospectionAnswer> {
  return Promise.resolve({ state: 'unavailable', fault, answered: false })
}
