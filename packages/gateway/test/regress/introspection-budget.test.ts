import { describe, expect, it } from 'vitest'
import type { CompiledApi } from '../../src/compile/snapshot.ts'
import { err, ok } from '../../src/domain/result.ts'
import { createIntrospectionClient } from '../../src/keys/introspection/introspection-client.ts'
import { createWorkerIntrospection } from '../../src/keys/introspection/worker-introspection.ts'
import { type IntrospectPorts, introspect } from '../../src/proxy/steps/introspect.ts'
import { createTurns } from '../../src/state/turns.ts'
import { createVerificationBudget } from '../../src/state/verification-budget.ts'
import { apiOf, issuerOf } from '../fixtures/compiled-plans.ts'

const nowMs = 1_800_000_000_000
const attacker = '192.0.2.66'
const honest = '192.0.2.1'

type Say = (token: string) => { readonly status?: number; readonly body: object | string } | undefined

const knowsGoodOnes: Say = (token) => ({ body: { active: token.startsWith('good') } })

/** Step, worker and control before providers that take a few milliseconds; tokens starting with `good` are active. */
function setUp(options: { readonly ids?: readonly string[]; readonly say?: Say; readonly perAddress?: number } = {}) {
  const { ids = ['idp'], perAddress = 50, say = knowsGoodOnes } = options
  const asked: string[] = []
  const client = createIntrospectionClient({
    fetch: async ({ body = '' }) => {
      const token = body.slice('token='.length)
      asked.push(token)
      await new Promise((resolve) => setTimeout(resolve, 5))
      const said = say(token)
      if (said === undefined) return err({ code: 'connect_failed', detail: 'ECONNREFUSED' })
      return ok({ status: said.status ?? 200, headers: {}, body: Buffer.from(JSON.stringify(said.body)) })
    },
    nowMs: () => nowMs,
    hashKey: Buffer.alloc(32, 7),
    log: () => undefined,
  })
  client.configure(
    ids.map((issuerId) => ({
      issuerId,
      endpoint: `https://${issuerId}.example/introspect`,
      clientId: 'gateway',
      clientSecret: 'x',
      timeoutMs: 2_000,
      cacheMs: 60_000,
      negativeCacheMs: 5_000,
      allowInsecureHttp: false,
    })),
  )
  const setTimer = (run: () => void, delayMs: number): (() => void) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  }
  const worker = createWorkerIntrospection({
    ask: client.introspect,
    nowMs: () => nowMs,
    setTimer,
    hashKey: Buffer.alloc(32, 8),
  })
  const ports: IntrospectPorts = {
    known: ({ plan }, token) => worker.peek(plan.id, token) ?? worker.running(plan.id, token),
    ask: ({ plan }, token) => worker.ask(plan.id, token, 2_000),
    budget: createVerificationBudget(() => ({ perAddress, perIssuer: 0 })),
    turns: createTurns(16, setTimer),
  }
  const issuers = ids.map((id) => issuerOf({ id, trust: 'introspection', introspection: { timeoutMs: 2_000 } }))
  const api: CompiledApi = { ...apiOf(issuers), introspecting: issuers }
  const send = async (address: string, token: string): Promise<string> => {
    const verdict = await introspect(token, api, ports, address, nowMs)
    return verdict.ok ? verdict.value.issuer.plan.id : verdict.error.reason
  }
  const flood = (count: number, token: (at: number) => string, address = attacker): Promise<readonly string[]> =>
    Promise.all(Array.from({ length: count }, (_, at) => send(address, token(at))))
  return { send, flood, asked }
}

const counted = (reasons: readonly string[], reason: string): number => reasons.filter((one) => one === reason).length

describe('S8 questions about opaque tokens nobody knows', () => {
  it('an address with hundreds is cut off; others go on meanwhile, and so do tokens known to be good', async () => {
    const { send, flood, asked } = setUp()
    expect(await send(attacker, 'good-known')).toBe('idp')
    const flooding = flood(600, (at) => `random-${at}`)
    expect(await send(honest, 'good-honest')).toBe('idp')
    const reasons = await flooding
    // What is being asked when the budget is used up is answered still.
    expect(asked.filter((token) => token.startsWith('random')).length).toBeLessThanOrEqual(50 + 16)
    expect(counted(reasons, 'token_inactive')).toBeGreaterThanOrEqual(50)
    expect(counted(reasons, 'token_inactive') + counted(reasons, 'verification_budget')).toBe(600)

    expect(await send(attacker, 'good-known')).toBe('idp')
    expect(await send(attacker, 'random-0')).toBe('token_inactive')
    expect(await send(attacker, 'good-fresh')).toBe('verification_budget')
    expect(await send(honest, 'good-fresh')).toBe('idp')
  })

  it('hundreds of good tokens of one address all pass, however many come at once', async () => {
    const { flood } = setUp()
    expect(counted(await flood(600, (at) => `good-${at}`), 'idp')).toBe(600)
  })

  it('one bad token sent again and again costs one question and nothing of the budget', async () => {
    const { send, flood, asked } = setUp({ perAddress: 2 })
    await flood(300, () => 'random')
    expect(counted(await flood(300, () => 'random'), 'token_inactive')).toBe(300)
    expect(asked).toEqual(['random'])
    expect(await send(attacker, 'good')).toBe('idp')
  })

  it('tokens the provider chokes on count too', async () => {
    const { flood } = setUp({ say: () => ({ status: 400, body: { error: 'invalid_request' } }) })
    expect(counted(await flood(600, (at) => `odd-${at}`), 'verification_budget')).toBeGreaterThan(500)
  })

  it('a provider that is down is the fault of no address', async () => {
    const { flood } = setUp({ say: () => undefined })
    expect(counted(await flood(600, (at) => `t-${at}`), 'introspection_unavailable')).toBe(600)
  })

  it('a token the second issuer knows is not counted for what the first said of it', async () => {
    let question = 0
    // Each token is asked about twice, first at `one`.
    const seen = new Set<string>()
    const say: Say = (token) => {
      question += 1
      const second = seen.has(token)
      seen.add(token)
      return { body: { active: second } }
    }
    const { flood } = setUp({ ids: ['one', 'two'], say, perAddress: 5 })
    expect(counted(await flood(100, (at) => `t-${at}`), 'two')).toBe(100)
    expect(question).toBe(200)
  })
})
