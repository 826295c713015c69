import { ResponseParser } from '../../src/proxy/upstream/response-parser.ts'

/**
 * Mutated answers, each read whole and in random pieces: `npx tsx packages/gateway/test/fuzz/response-parser.fuzz.ts
 * [runs] [seed]`. Fails when the parser throws, when two divisions of one input differ, when positions leave their
 * piece, or when an accepted head holds a byte that could start another line.
 */
const runs = Number(process.argv[2] ?? 100_000)
let seed = Number(process.argv[3] ?? Date.now() % 2_147_483_647) || 1

const seeds = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nSum: 1\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.0 304 Not Modified\r\nContent-Length: 9\r\n\r\n',
  'HTTP/1.1 200\r\nA: \t\r\n\r\nuntil the end',
]
const splices = [
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  '\0',
  ':',
  ',',
  '0',
  '\r\n\r\n',
  'Content-Length: 1\r\n',
  'Transfer-Encoding: chunked\r\n',
  ';',
  'f',
  '\xff',
  '1, ',
  '+',
]

function random(below: number): number {
  seed = (seed * 48_271) % 2_147_483_647
  return seed % below
}

function mutate(text: string): string {
  let out = text
  for (let i = random(4); i >= 0; i--) {
    const at = random(out.length + 1)
    const splice = splices[random(splices.length)] ?? ''
    if (random(3) === 0) out = out.slice(0, at) + out.slice(at + 1 + random(3))
    else if (random(2) === 0) out = out.slice(0, at) + splice + out.slice(at)
    else out = out.slice(0, at) + splice + out.slice(at + splice.length)
  }
  return out
}

function read(bytes: Buffer, pieceMax: number, toHead: boolean): { state: string; message: string; surplus: number } {
  const parser = new ResponseParser()
  parser.begin(toHead)
  let message = ''
  let state = 'more'
  for (let at = 0; at < bytes.length && state !== 'faulted'; ) {
    const piece = bytes.subarray(at, at + 1 + random(pieceMax))
    at += piece.length
    state = parser.push(piece)
    if (parser.headEnded) {
      for (const text of parser.head.rawHeaders) if (/[\r\n\0]/.test(text)) throw new Error('a line in a field')
      message += JSON.stringify([parser.head.status, parser.head.rawHeaders, parser.head.persistent])
    }
    for (let i = 0; i < parser.ranges.length; i += 2) {
      const start = parser.ranges[i] ?? -1
      const end = parser.ranges[i + 1] ?? -1
      if (start < 0 || end <= start || end > piece.length) throw new Error('positions outside the piece')
      message += piece.toString('latin1', start, end)
    }
  }
  if (state === 'more') state = parser.finish()
  return { state, message, surplus: parser.surplusBytes }
}

let ended = 0
for (let run = 0; run < runs; run++) {
  const bytes = Buffer.from(mutate(seeds[random(seeds.length)] ?? ''), 'latin1')
  const toHead = random(8) === 0
  const whole = read(bytes, 1_000_000_000, toHead)
  const cut = read(bytes, 1 + random(12), toHead)
  if (whole.state === 'ended') ended++
  const bodiless = whole.state === 'faulted' && cut.state === 'ended' && cut.surplus > 0
  const same =
    whole.state === cut.state &&
    (whole.state === 'faulted' || (whole.message === cut.message && whole.surplus === cut.surplus))
  if (!same && !bodiless) throw new Error(`two readings of ${JSON.stringify(bytes.toString('latin1'))}`)
}
process.stdout.write(`${runs} answers, ${ended} accepted, ${runs - ended} refused\n`)
