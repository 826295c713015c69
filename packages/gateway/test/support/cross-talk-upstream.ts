import type { Socket } from 'node:net'
import { type StrictHead, type StrictUpstream, startStrictUpstream } from './strict-upstream.ts'

/** Header that tells a request from all others, and header that says what is to become of it. */
export const nonceHeader = 'X-Nonce'
export const actionHeader = 'X-Action'

/** Stands in every answer nobody asked for; no caller may ever see it. */
export const foreign = 'FOREIGN'

/** What the upstream may do with a request; `early` ones answer before they have its body. */
export const actions = [
  ...['plain', 'chunked', 'pieces', 'slow', 'interim', 'closing', 'closes', 'drops', 'resets', 'cut', 'cutChunk'],
  ...['stalls', 'late', 'surplus', 'surplusChunk', 'twoLengths', 'garbageLater', 'early', 'earlyCloses', 'earlyCut'],
] as const

/** A nonce names the request and whose it is. */
export function nonceOf(index: number, user: string): string {
  return `n${index}.${user}.`
}

/** What a request gets when all goes well; its length differs from request to request. */
export function contentOf(nonce: string): string {
  const index = Number(/\d+/.exec(nonce)?.[0])
  return `nonce=${nonce}${'.'.repeat((index * 37) % (index % 50 === 0 ? 60_000 : 700))}end`
}

/** After which time of nothing the gateway gives a request up; later answers come when it has. */
export const patienceMs = 250

export interface CrossTalkUpstream extends StrictUpstream {
  /** Requests whose parts do not belong together, or that came more often than they may. */
  readonly confused: readonly string[]
  /** Requests that came a second time. */
  readonly retried: () => number
}

/** An upstream of which little can be expected, save that it says for whom each answer is. */
export async function startCrossTalkUpstream(): Promise<CrossTalkUpstream> {
  const confused: string[] = []
  const seen = new Map<string, number>()
  const valuesOf = ({ headers }: StrictHead, name: string): readonly string[] =>
    headers.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value)

  const check = (head: StrictHead): void => {
    const nonce = valuesOf(head, nonceHeader).join()
    const user = nonce.split('.')[1] ?? ''
    const told = valuesOf(head, 'X-User').join()
    const expected = head.target.startsWith('/open') ? '' : user
    if (told !== expected) confused.push(`${nonce} came as ${told}`)
    if (!head.target.endsWith(`/${nonce}`)) confused.push(`${nonce} came for ${head.target}`)
    const times = (seen.get(nonce) ?? 0) + 1
    seen.set(nonce, times)
    if (times > (head.method === 'GET' ? 2 : 1)) confused.push(`${head.method} ${nonce} came ${times} times`)
  }

  const upstream = await startStrictUpstream(
    (request, socket) => {
      const nonce = valuesOf(request, nonceHeader).join()
      const action = valuesOf(request, actionHeader).join()
      const sent = request.method === 'GET' ? '' : contentOf(nonce)
      if (request.body !== sent) confused.push(`${nonce} came with ${request.body.slice(0, 60)}`)
      if (!action.startsWith('early')) act(action, nonce, socket)
    },
    {
      keeps: false,
      onHead: (head, socket) => {
        check(head)
        headsOf.set(socket, (headsOf.get(socket) ?? 0) + 1)
        const action = valuesOf(head, actionHeader).join()
        if (action.startsWith('early')) answerEarly(action, valuesOf(head, nonceHeader).join(), socket)
      },
    },
  )
  return { ...upstream, confused, retried: () => [...seen.values()].filter((times) => times > 1).length }
}

function sized(nonce: string, more = ''): string {
  const content = contentOf(nonce)
  return `HTTP/1.1 200 OK\r\n${nonceHeader}: ${nonce}\r\n${more}Content-Length: ${content.length}\r\n\r\n${content}`
}

function chunkedAnswer(nonce: string): string {
  const content = contentOf(nonce)
  const middle = content.length >> 1
  const chunks = [content.slice(0, middle), content.slice(middle)]
  const lines = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`)
  return `HTTP/1.1 200 OK\r\n${nonceHeader}: ${nonce}\r\nTransfer-Encoding: chunked\r\n\r\n${lines.join('')}0\r\n\r\n`
}

const surplus = `HTTP/1.1 200 OK\r\n${nonceHeader}: ${foreign}\r\nContent-Length: ${foreign.length}\r\n\r\n${foreign}`

function answerEarly(action: string, nonce: string, socket: Socket): void {
  if (action === 'earlyCut') {
    socket.write(sized(nonce).slice(0, -5))
    socket.destroySoon()
  } else if (action === 'earlyCloses') socket.end(sized(nonce, 'Connection: close\r\n'))
  else socket.write(sized(nonce))
}

/** Requests a connection has brought. */
const headsOf = new WeakMap<Socket, number>()

const small = (nonce: string): boolean => contentOf(nonce).length < 4_000

const doings: Readonly<Record<string, (nonce: string, socket: Socket) => void>> = {
  chunked: (nonce, socket) => socket.write(chunkedAnswer(nonce)),
  pieces: (nonce, socket) => {
    const answer = sized(nonce)
    const cutAt = 1 + ((nonce.length * 31) % (answer.length - 1))
    socket.write(answer.slice(0, cutAt))
    setTimeout(() => socket.write(answer.slice(cutAt)), 3)
  },
  slow: (nonce, socket) => void setTimeout(() => socket.write(sized(nonce)), 30),
  interim: (nonce, socket) => socket.write(`HTTP/1.1 103 Early Hints\r\nLink: <${nonce}>\r\n\r\n${sized(nonce)}`),
  closing: (nonce, socket) => socket.end(sized(nonce, 'Connection: close\r\n')),
  // Without a word: the next request on this connection may meet its end.
  closes: (nonce, socket) => {
    socket.write(sized(nonce))
    setTimeout(() => socket.end(), 1)
  },
  drops: (_nonce, socket) => socket.destroySoon(),
  resets: (_nonce, socket) => socket.resetAndDestroy(),
  cut: (nonce, socket) => socket.end(sized(nonce).slice(0, -4)),
  cutChunk: (nonce, socket) => socket.end(chunkedAnswer(nonce).slice(0, -9)),
  stalls: () => undefined,
  late: (nonce, socket) => void setTimeout(() => socket.writable && socket.write(sized(nonce)), patienceMs + 20),
  // In one segment with the answer: what comes later cannot be told from the next answer by anybody.
  surplus: (nonce, socket) => socket.write(small(nonce) ? sized(nonce) + surplus : sized(nonce)),
  surplusChunk: (nonce, socket) => socket.write(small(nonce) ? chunkedAnswer(nonce) + surplus : sized(nonce)),
  twoLengths: (_nonce, socket) =>
    socket.write(surplus.replace('Content-Length', 'Content-Length: 1\r\nContent-Length')),
  // Into the pause before the next request, or into its way here: never into the middle of its answer.
  garbageLater: (nonce, socket) => {
    const heads = headsOf.get(socket)
    socket.write(sized(nonce))
    setTimeout(() => headsOf.get(socket) === heads && socket.writable && socket.write(`${foreign}\r\n\r\n`), 2)
  },
}

function act(action: string, nonce: string, socket: Socket): void {
  const does = doings[action]
  if (does === undefined) socket.write(sized(nonce))
  else does(nonce, socket)
}
