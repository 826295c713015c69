import { setImmediate as settled } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { err, ok, type Result } from '../../domain/result.ts'
import type { FetchFault } from '../../outbound/fetch-fault.ts'
import type { FetchAnswer, FetchRequest } from '../../outbound/fetch-request.ts'
import type { KeyLogLine } from '../jwks/jwks-store.ts'
import { createIntrospectionClient, type IntrospectionClient, type IntrospectionTerms } from './introspection-client.ts'

type Answer = Result<FetchAnswer, FetchFault>

function says(body: unknown, status = 200, type = 'application/json'): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return ok({ status, headers: { 'content-type': type }, body: Buffer.from(text) })
}
const down: Answer = err({ code: 'connect_failed', detail: 'ECONNREFUSED' })

function terms(more: Partial<IntrospectionTerms> = {}): IntrospectionTerms {
  return {
    issuerId: 'idp',
    endpoint: 'https://idp.example/introspect',
    clientId: 'gate:way',
    clientSecret: 'p%ss wörd',
    timeoutMs: 2000,
    cacheMs: 60_000,
    negativeCacheMs: 5000,
    allowInsecureHttp: false,
    ...more,
  }
}

interface World {
  readonly client: IntrospectionClient
  readonly requests: FetchRequest[]
  readonly log: KeyLogLine[]
  nowMs: number
  answer: (request: FetchRequest) => Answer | Promise<Answer>
}

function makeWorld(answer: Answer): World {
  const world: World = {
    client: createIntrospectionClient({
      fetch: async (request) => {
        world.requests.push(request)
        return world.answer(request)
      },
      nowMs: () => world.nowMs,
      hashKey: Buffer.alloc(32, 7),
      log: (line) => world.log.push(line),
    }),
    requests: [],
    log: [],
    nowMs: 1_800_000_000_000,
    answer: () => answer,
  }
  world.client.configure([terms()])
  return world
}

describe('introspection: the question', () => {
  it('is a form POST with Basic of the form-encoded client id and secret', async () => {
    const world = makeWorld(says({ active: false }))
    await world.client.introspect('idp', 'a+b c&d=é')
    expect(world.requests).toEqual([
      {
        url: 'https://idp.example/introspect',
        method: 'POST',
        headers: {
          accept: 'application/json',
          authorization: `Basic ${btoa('gate%3Away:p%25ss+w%C3%B6rd')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: 'token=a%2Bb+c%26d%3D%C3%A9',
        timeoutMs: 2000,
        bodyBytesMax: 65_536,
        trust: 'operator',
        allowInsecureHttp: false,
        allowPrivate: [],
      },
    ])
  })

  it('is asked once for all who bring the same token at the same time', async () => {
    const world = makeWorld(says({ active: true, sub: 'x' }))
    const answers = await Promise.all(Array.from({ length: 500 }, () => world.client.introspect('idp', 't')))
    expect(world.requests).toHaveLength(1)
    expect(new Set(answers).size).toBe(1)
  })

  it('goes out at most 32 at a time; beyond 256 waiting, tokens are unavailable at once', async () => {
    const world = makeWorld(down)
    const open: ((answer: Answer) => void)[] = []
    world.answer = () => new Promise((resolve) => open.push(resolve))
    const answers = Array.from({ length: 400 }, (_, index) => world.client.introspect('idp', `t${index}`))
    await settled()
    expect(open).toHaveLength(32)
    expect(await answers[399]).toMatchObject({ state: 'unavailable' })
    let answered = 0
    while (answered < 32 + 256) {
      for (const resolve of open.splice(0)) {
        resolve(says({ active: true }))
        answered += 1
      }
      await settled()
    }
    const states = (await Promise.all(answers)).map(({ state }) => state)
    expect(states.filter((state) => state === 'active')).toHaveLength(32 + 256)
  })
})

describe('introspection: the answer', () => {
  it('active carries all claims, frozen and without a prototype', async () => {
    const world = makeWorld(says('{"active":true,"sub":"x","aud":["a"],"__proto__":{"scope":"admin"}}'))
    const answer = await world.client.introspect('idp', 't')
    if (answer.state !== 'active') return expect.fail(answer.state)
    expect(Object.getPrototypeOf(answer.claims)).toBeNull()
    expect(Object.keys(answer.claims)).toEqual(['active', 'sub', 'aud', '__proto__'])
    expect(answer.claims.scope).toBeUndefined()
    expect(Object.isFrozen(answer.claims)).toBe(true)
  })

  it.each<[string, Answer, RegExp, boolean]>([
    ['active as a text', says({ active: 'true' }), /without a true or false `active`/, true],
    ['active as a number', says({ active: 1 }), /without a true or false `active`/, true],
    ['no active', says({ sub: 'x' }), /without a true or false `active`/, true],
    ['a doubled active', says('{"active":false,"active":true}'), /duplicate_member/, true],
    ['a list', says([{ active: true }]), /not_an_object/, true],
    ['a page', says('<html>', 200, 'text/html'), /answered text\/html \(status 200\), not the JSON/, true],
    [
      'a JWT (RFC 9701), which was not asked for',
      says('a.b.c', 200, 'application/token-introspection+jwt'),
      /not the JSON/,
      true,
    ],
    ['a bad request', says({ error: 'invalid_request' }, 400), /status 400/, true],
    ['active with an error status', says({ active: true }, 500), /status 500/, false],
    ['refused credentials', says({ error: 'invalid_client' }, 401), /refused the configured clientId/, false],
    ['no answer', down, /cannot be connected to/, false],
  ])('%s is neither yes nor no, and is told to the operator', async (_, response, words, answered) => {
    const world = makeWorld(response)
    const answer = await world.client.introspect('idp', 'secret-token')
    expect(answer).toEqual({ state: 'unavailable', fault: expect.stringMatching(words), answered })
    expect(world.log).toHaveLength(1)
    expect(JSON.stringify([answer, world.log])).not.toMatch(/secret-token|p%ss/)
  })

  it('an issuer without introspection is unavailable', async () => {
    expect(await makeWorld(down).client.introspect('other', 't')).toMatchObject({ state: 'unavailable' })
  })
})

describe('introspection: how long an answer is used again', () => {
  it.each([
    ['the configured time', {}, 60_000],
    ['the token’s exp when that comes first', { exp: 1_800_000_010 }, 10_000],
    ['the configured time when exp is later', { exp: 1_900_000_000 }, 60_000],
  ])('an active answer: %s', async (_, claims, reuseMs) => {
    const world = makeWorld(says({ active: true, ...claims }))
    await world.client.introspect('idp', 't')
    world.nowMs += reuseMs - 1
    await world.client.introspect('idp', 't')
    expect(world.requests).toHaveLength(1)
    world.nowMs += 1
    await world.client.introspect('idp', 't')
    expect(world.requests).toHaveLength(2)
  })

  it.each([{ exp: 1_700_000_000 }, { exp: 1_800_000_000 }, { exp: '1900000000' }, { exp: null }])(
    'an answer whose exp has passed or is no number is never used again: %j',
    async (claims) => {
      const world = makeWorld(says({ active: true, ...claims }))
      await world.client.introspect('idp', 't')
      await world.client.introspect('idp', 't')
      expect(world.requests).toHaveLength(2)
    },
  )

  it('an inactive answer: the negative time', async () => {
    const world = makeWorld(says({ active: false }))
    await world.client.introspect('idp', 't')
    world.nowMs += 4999
    await world.client.introspect('idp', 't')
    expect(world.requests).toHaveLength(1)
    world.nowMs += 1
    world.answer = () => says({ active: true })
    expect(await world.client.introspect('idp', 't')).toMatchObject({ state: 'active' })
  })

  it('a known answer outlives an outage, within its time', async () => {
    const world = makeWorld(says({ active: true }))
    await world.client.introspect('idp', 't')
    world.answer = () => down
    for (let count = 0; count < 5; count++) await world.client.introspect('idp', `other-${count}`)
    expect(await world.client.introspect('idp', 't')).toMatchObject({ state: 'active' })
  })

  it('a clock set back makes no answer live longer', async () => {
    const world = makeWorld(says({ active: true }))
    await world.client.introspect('idp', 't')
    world.nowMs -= 3_600_000
    await world.client.introspect('idp', 't')
    expect(world.requests).toHaveLength(2)
  })

  it('an answer counts for its own token, issuer and terms alone', async () => {
    const world = makeWorld(says({ active: true }))
    world.client.configure([terms(), terms({ issuerId: 'other' })])
    await world.client.introspect('idp', 't')
    world.answer = () => says({ active: false })
    expect(await world.client.introspect('other', 't')).toMatchObject({ state: 'inactive' })
    expect(await world.client.introspect('idp', 't2')).toMatchObject({ state: 'inactive' })
    expect(await world.client.introspect('idp', 't')).toMatchObject({ state: 'active' })
    for (const change of [{ endpoint: 'https://idp.example/v2' }, { clientId: 'x' }, { clientSecret: 'y' }]) {
      expect(world.client.configure([terms(change), terms({ issuerId: 'other' })])).toEqual(['idp'])
      expect(await world.client.introspect('idp', 't')).toMatchObject({ state: 'inactive' })
    }
    expect(world.client.configure([terms({ clientSecret: 'y' }), terms({ issuerId: 'other' })])).toEqual([])
    expect(world.client.configure([])).toEqual(['idp', 'other'])
  })

  it('an answer to old terms that comes after new ones is not used for them', async () => {
    const world = makeWorld(down)
    let release = (_: Answer): void => {}
    world.answer = () => new Promise((resolve) => (release = resolve))
    const before = world.client.introspect('idp', 't')
    await settled()
    world.client.configure([terms({ endpoint: 'https://new.example/' })])
    world.answer = () => says({ active: false })
    expect(await world.client.introspect('idp', 't')).toMatchObject({ state: 'inactive' })
    release(says({ active: true }))
    await before
    expect(await world.client.introspect('idp', 't')).toMatchObject({ state: 'inactive' })
  })
})

describe('introspection: faults', () => {
  it('a fault holds for its token for 250 ms, and is forgotten then', async () => {
    const world = makeWorld(says('', 500))
    await world.client.introspect('idp', 't')
    world.answer = () => says({ active: true })
    world.nowMs += 249
    expect(await world.client.introspect('idp', 't')).toMatchObject({ state: 'unavailable' })
    world.nowMs += 1
    expect(await world.client.introspect('idp', 't')).toMatchObject({ state: 'active' })
  })

  it('an endpoint not reached three times is left alone, longer each time up to 5 s, and asked again', async () => {
    const world = makeWorld(down)
    let count = 0
    const asked: number[] = []
    world.answer = () => {
      asked.push(world.nowMs)
      return down
    }
    const endMs = world.nowMs + 40_000
    for (; world.nowMs < endMs; world.nowMs += 50) await world.client.introspect('idp', `t${count++}`)
    const pauses = asked.slice(1).map((time, index) => time - (asked[index] ?? 0))
    expect(pauses.slice(0, 9)).toEqual([50, 50, 250, 500, 1000, 2000, 4000, 5000, 5000])
    world.answer = () => says({ active: true })
    world.nowMs += 5000
    expect(await world.client.introspect('idp', 'new')).toMatchObject({ state: 'active' })
    expect(world.log.at(-1)).toMatchObject({ level: 'info' })
  })

  it('tokens that make the endpoint answer nonsense keep nobody from being asked about, and do not fill the log', async () => {
    const world = makeWorld(down)
    world.answer = ({ body }) => (body?.includes('odd') ? says('', 400) : says({ active: true }))
    for (let count = 0; count < 100; count++) await world.client.introspect('idp', `odd${count}`)
    expect(await world.client.introspect('idp', 'good')).toMatchObject({ state: 'active' })
    expect(world.log).toHaveLength(1)
  })
})
