import { type IntrospectionAnswer, reviveAnswer } from './introspection-answer.ts'
import { createIntrospectionCache } from './introspection-cache.ts'

export interface WorkerIntrospectionPorts {
  /** Asks control. What it resolves to is not believed (`reviveAnswer`); rejecting means control is away. */
  readonly ask: (issuerId: string, token: string) => Promise<unknown>
  readonly nowMs: () => number
  readonly setTimer: (run: () => void, delayMs: number) => () => void
  /** Random bytes of this process, at least 32: key of the cache's hashes. */
  readonly hashKey: Buffer
}

/** A worker's view of introspection: what control answered, kept for its time; control is asked about the rest. */
export interface WorkerIntrospection {
  /** What is known, without asking anybody. */
  readonly peek: (issuerId: string, token: string) => IntrospectionAnswer | undefined
  /** The question about this token that is being asked, if one is. */
  readonly running: (issuerId: string, token: string) => Promise<IntrospectionAnswer> | undefined
  /** Waits at most `timeoutMs` for control; one question per token at a time, whose time all who ask share. */
  readonly ask: (issuerId: string, token: string, timeoutMs: number) => Promise<IntrospectionAnswer>
  /** An issuer's terms changed: what was answered before counts no more, nor what is being answered. */
  readonly forget: (issuerId: string) => void
}

const questionsMax = 1024

/** Makes the worker's side. While control is away, known answers hold to their time and the rest is `unavailable`. */
export function createWorkerIntrospection(ports: WorkerIntrospectionPorts): WorkerIntrospection {
  const cache = createIntrospectionCache(ports.hashKey)
  const flights = new Map<string, Promise<IntrospectionAnswer>>()
  const versions = new Map<string, number>()

  const keyOf = (issuerId: string, token: string): string =>
    cache.keyOf(issuerId, String(versions.get(issuerId) ?? 0), token)

  async function askControl(key: string, issuerId: string, token: string): Promise<IntrospectionAnswer> {
    const answer = await ports.ask(issuerId, token).then(reviveAnswer, () => away)
    // Also when nobody waits any more: the next one need not. A forgotten issuer's key is never asked for again.
    if (answer.state !== 'unavailable') cache.set(key, answer, answer.untilMs, ports.nowMs())
    return answer
  }

  return {
    peek: (issuerId, token) => cache.get(keyOf(issuerId, token), ports.nowMs()),
    running: (issuerId, token) => flights.get(keyOf(issuerId, token)),
    ask: (issuerId, token, timeoutMs) => {
      const key = keyOf(issuerId, token)
      const known = cache.get(key, ports.nowMs())
      if (known !== undefined) return Promise.resolve(known)
      const running = flights.get(key)
      if (running !== undefined) return running
      if (flights.size >= questionsMax) return Promise.resolve(busy)
      const flight = atMost(askControl(key, issuerId, token), timeoutMs, ports).finally(() => flights.delete(key))
      flights.set(key, flight)
      return flight
    },
    forget: (issuerId) => {
      versions.set(issuerId, (versions.get(issuerId) ?? 0) + 1)
    },
  }
}

const away = unavailable('the control process is away')
const busy = unavailable('too many tokens wait for the control process')
const late = unavailable('the control process did not answer in time')

function unavailable(fault: string): IntrospectionAnswer {
  return { state: 'unavailable', fault, answered: false }
}

function atMost(
  question: Promise<IntrospectionAnswer>,
  timeoutMs: number,
  ports: WorkerIntrospectionPorts,
): Promise<IntrospectionAnswer> {
  return new Promise((resolve, reject) => {
    const cancel = ports.setTimer(() => resolve(late), timeoutMs)
    question.finally(cancel).then(resolve, reject)
  })
}
