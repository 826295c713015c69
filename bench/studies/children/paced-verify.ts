import { verify } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { importedKey, type SignedToken, signedTokens } from './signed-tokens.ts'

/**
 * `paced-verify.ts <token file> <key file> <rate a second> <seconds> <burst> <loop|pool>`: RS256 verifications that fall
 * due `burst` at a time at a fixed rate, finished or not; prints one JSON object. Completion counts from the due time.
 */
const [tokenFile = '', keyFile = '', ...rest] = process.argv.slice(2)
const [rate = 0, seconds = 0, burst = 1] = rest.map(Number)
const onPool = rest[3] === 'pool'

const tokens = signedTokens('RS256', tokenFile)
const key = importedKey(keyFile)
const completionsMs: number[] = []

function start(token: SignedToken, dueMs: number): void {
  const done = (valid: boolean): void => {
    if (!valid) throw new Error('a token is not what it should be')
    completionsMs.push(performance.now() - dueMs)
  }
  const { input, signature } = token
  if (!onPool) done(verify('sha256', input, key, signature))
  else
    verify('sha256', input, key, signature, (error, valid) => {
      if (error !== null) throw error
      done(valid)
    })
}

/** Runs for so long; answers how long it took until the last was done. */
async function run(forSeconds: number): Promise<number> {
  completionsMs.length = 0
  const total = Math.floor((rate * forSeconds) / burst) * burst
  const begin = performance.now()
  let sent = 0
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      for (;;) {
        const dueMs = begin + (Math.floor(sent / burst) * burst * 1000) / rate
        const token = tokens[sent % tokens.length]
        if (sent >= total || dueMs > performance.now() || token === undefined) break
        start(token, dueMs)
        sent++
      }
      if (sent === total && completionsMs.length === total) resolve()
      else setTimeout(tick, 1)
    }
    tick()
  })
  return (performance.now() - begin) / 1000
}

await run(1)
const stalls = monitorEventLoopDelay({ resolution: 1 })
stalls.enable()
const before = process.cpuUsage()
const tookSeconds = await run(seconds)
const used = process.cpuUsage(before)
stalls.disable()

const sorted = completionsMs.toSorted((one, other) => one - other)
const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
process.stdout.write(
  JSON.stringify({
    cpuUs: (used.user + used.system) / sorted.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    // The histogram counts its own millisecond in.
    stallMs: Math.max(0, stalls.max / 1e6 - 1),
    rps: sorted.length / tookSeconds,
  }),
)
