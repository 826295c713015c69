import { createHmac } from 'node:crypto'
import { actionHeader, actions, contentOf, foreign, nonceHeader, nonceOf } from './cross-talk-upstream.ts'
import type { SeededRandom } from './seeded-random.ts'
import { openWire, type Wire, type WireAnswer } from './wire-caller.ts'

export interface CrossTalkSettings {
  readonly port: number
  readonly requests: number
  readonly lanes: number
  /** Longest wait for an answer; 15 s. */
  readonly answerWithinMs?: number
  readonly random: SeededRandom
  readonly secret: string
  readonly iss: string
  readonly aud: string
}

/** What came of all requests: how many of each outcome, and what may never be. */
export interface CrossTalkOutcome {
  readonly counts: ReadonlyMap<string, number>
  readonly confused: readonly string[]
}

/** A request that was written, and what the answer must be. */
interface Asked {
  readonly nonce: string
  readonly isRefused: boolean
}

/** Calls in many lanes, each request with a token and a nonce of its own, and leaves when it likes. */
export async function callCrossing(settings: CrossTalkSettings): Promise<CrossTalkOutcome> {
  const { requests, lanes, random } = settings
  const counts = new Map<string, number>()
  const confused: string[] = []
  let next = 0
  const count = (outcome: string): void => void counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  const fail = (asked: Asked, why: string): void => void confused.push(`${asked.nonce}: ${why}`)

  function compose(): { readonly asked: Asked; readonly bytes: string } {
    const index = next++
    const isPublic = random.chance(0.1)
    const isRefused = !isPublic && random.chance(0.03)
    // A token that was used before is one the gateway remembers.
    const user = `u${random.chance(0.3) ? random.below(index + 1) : index}`
    const nonce = nonceOf(index, user)
    const method = random.chance(0.6) ? 'GET' : 'POST'
    const action = random.chance(0.5) ? 'plain' : random.pick(method === 'GET' ? lateActions : actions)
    const token = sign(settings, user)
    const signature = isRefused ? sign(settings, `${user}x`).split('.')[2] : token.split('.')[2]
    const content = method === 'GET' ? '' : contentOf(nonce)
    const lines = [
      `${method} ${isPublic ? '/open' : '/closed'}/${nonce} HTTP/1.1`,
      'Host: gateway.test',
      `${nonceHeader}: ${nonce}`,
      `${actionHeader}: ${action}`,
      ...(isPublic ? [] : [`Authorization: Bearer ${token.slice(0, token.lastIndexOf('.'))}.${signature}`]),
      ...(method === 'GET' ? [] : [`Content-Length: ${content.length}`]),
      `\r\n${content}`,
    ]
    return { asked: { nonce, isRefused }, bytes: lines.join('\r\n') }
  }

  /** Whether the answer is this request's, or the gateway's own. */
  function hold(asked: Asked, answer: WireAnswer): void {
    const given = answer.headers.get(nonceHeader.toLowerCase())?.join()
    if (answer.raw.includes(foreign)) fail(asked, `got what nobody asked for: ${answer.raw.slice(0, 200)}`)
    if (answer.status !== 200) {
      if (given !== undefined || answer.body.includes('nonce=')) fail(asked, `refused with the answer of ${given}`)
    } else if (asked.isRefused) fail(asked, 'let through')
    else if (given !== asked.nonce || answer.body !== contentOf(asked.nonce)) fail(asked, `got the answer of ${given}`)
    count(String(answer.status))
  }

  /** What came of an answer that never became whole may be the own one's beginning alone. */
  function holdPartial(asked: Asked, text: string): void {
    if (text.includes(foreign)) fail(asked, 'got the beginning of what nobody asked for')
    for (const [, given] of text.matchAll(/nonce(?:=|: )(n\d+\.u\d+\.)/gi)) {
      if (given !== asked.nonce) fail(asked, `got the beginning of the answer of ${given}`)
    }
    count('broken off')
  }

  /** Some requests on one connection, one after the other or at once; false: the connection is over. */
  async function exchange(wire: Wire): Promise<boolean> {
    const composed = Array.from({ length: random.chance(0.2) ? 1 + random.below(4) : 1 }, compose)
    const bytes = composed.map((each) => each.bytes).join('')
    const leaves = random.below(100)
    if (leaves < 4) return leave(wire, bytes, leaves)
    if (random.chance(0.1)) await writeSlowly(wire, bytes)
    else wire.write(bytes)
    for (const { asked } of composed) {
      try {
        const answer = await wire.answer()
        hold(asked, answer)
        if (answer.headers.get('connection')?.join() === 'close') return false
      } catch {
        holdPartial(asked, wire.unread())
        return false
      }
    }
    return true
  }

  /** Goes away: in the middle of a request, or with the answer on its way. */
  async function leave(wire: Wire, bytes: string, how: number): Promise<false> {
    count('left')
    wire.write(how < 2 ? bytes : bytes.slice(0, random.below(bytes.length)))
    await pause(random.below(20))
    if (how % 2 === 0) wire.socket.resetAndDestroy()
    return false
  }

  async function writeSlowly(wire: Wire, bytes: string): Promise<void> {
    const cutAt = random.below(bytes.length)
    wire.write(bytes.slice(0, cutAt))
    await pause(random.below(5))
    wire.write(bytes.slice(cutAt))
  }

  async function lane(): Promise<void> {
    while (next < requests) {
      const wire = await openWire(settings.port, settings.answerWithinMs)
      while (next < requests && (await exchange(wire)));
      wire.destroy()
    }
  }

  await Promise.all(Array.from({ length: lanes }, lane))
  return { counts, confused }
}

/** An early answer to a request without a body is an answer like any other. */
const lateActions: readonly string[] = actions.filter((action) => !action.startsWith('early'))

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

const header = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')

function sign({ iss, aud, secret }: CrossTalkSettings, sub: string): string {
  const exp = Math.floor(Date.now() / 3_600_000) * 3600 + 7200
  const input = `${header}.${Buffer.from(JSON.stringify({ iss, aud, sub, exp })).toString('base64url')}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
