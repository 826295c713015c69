import { describe, expect, it } from 'vitest'
import { createVerificationBudget } from '../../state/verification-budget.ts'
import { type ApiKeyPorts, chargeApiKey, hashApiKey } from './hash-api-key.ts'

const nowMs = 1_800_000_000_000
const unknown = { reason: 'api_key_invalid', fault: 'unknown', rule: 'apis.orders.access.identify' } as const
const own = { text: 'jgk_x', isOwn: true }
const brought = { text: '0969cf40-e558-4574-b462-42eafc85b906', isOwn: false }

function portsOf(peek = false): ApiKeyPorts {
  const budget = createVerificationBudget(() => ({ perAddress: 50, perIssuer: 1000 }))
  return { hash: (apiKey) => `hash of ${apiKey}`, budget, peek }
}

function flood(ports: ApiKeyPorts, address: string, times: number): void {
  for (let time = 0; time < times; time++) chargeApiKey(unknown, ports, address, nowMs)
}

describe('S28 guessing API keys', () => {
  it('bars the address that guesses, and no other, however much it sends', () => {
    const ports = portsOf()
    flood(ports, '192.0.2.1', 5000)
    expect(hashApiKey(brought, ports, '192.0.2.1', nowMs)).toMatchObject({ error: { reason: 'verification_budget' } })
    expect(hashApiKey(brought, ports, '192.0.2.2', nowMs)).toEqual({ ok: true, value: `hash of ${brought.text}` })
  })

  it('bars nobody from a key of our own, which nobody guesses', () => {
    const ports = portsOf()
    flood(ports, '192.0.2.1', 5000)
    expect(hashApiKey(own, ports, '192.0.2.1', nowMs).ok).toBe(true)
  })

  it('is charged for keys nobody registered alone, and never by explain', () => {
    const [ports, peeking] = [portsOf(), portsOf(true)]
    for (let time = 0; time < 5000; time++) {
      chargeApiKey({ reason: 'api_key_missing', place: 'header x-api-key', rule: '' }, ports, '192.0.2.1', nowMs)
      chargeApiKey(unknown, peeking, '192.0.2.1', nowMs)
    }
    expect(hashApiKey(brought, ports, '192.0.2.1', nowMs).ok).toBe(true)
    expect(hashApiKey(brought, peeking, '192.0.2.1', nowMs).ok).toBe(true)
  })
})
