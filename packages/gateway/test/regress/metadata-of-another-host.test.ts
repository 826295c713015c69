import { describe, expect, it } from 'vitest'
import { assemble } from '../../src/compile/assemble.ts'
import { metadataFor } from '../../src/proxy/answer/metadata-for.ts'
import { resourceMetadataUrl } from '../../src/proxy/answer/resource-metadata.ts'
import { apiPlanOf, headOf, objectsOf, plainGateway } from '../fixtures/requests.ts'

const publicUrl = 'https://api.example:8443'
const plans = [
  apiPlanOf({ id: 'a', host: 'a.example', segments: ['orders'] }),
  apiPlanOf({ id: 'b', host: 'b.example', segments: ['orders'] }),
  apiPlanOf({ id: 'any', segments: ['stock'] }),
  apiPlanOf({ id: 'hidden', segments: ['orders', 'v2'] }),
]
const snapshot = assemble(objectsOf(plans, { ...plainGateway, publicUrls: [publicUrl] }), 1)

function resourceOn(host: string, path: string): string | undefined {
  const head = { ...headOf(`/.well-known/oauth-protected-resource${path}`), host }
  const document = metadataFor(snapshot, 0, head)
  return document === undefined ? undefined : JSON.parse(document.body).resource
}

describe('RFC 9728 metadata of an API that listens for one host', () => {
  it('is given on that host, and names it', () => {
    expect(resourceOn('a.example', '/orders')).toBe('https://a.example:8443/orders')
    expect(resourceOn('b.example', '/orders')).toBe('https://b.example:8443/orders')
    expect(resourceOn('c.example', '/orders')).toBeUndefined()
  })

  it('is where its challenge says', () => {
    for (const plan of plans.slice(0, 3)) {
      const url = new URL(resourceMetadataUrl(publicUrl, plan))
      const path = url.pathname.slice('/.well-known/oauth-protected-resource'.length)
      expect(resourceOn(url.hostname, path)).toBe(url.origin + path)
    }
  })

  it('an API for every host is named by the public address, and only where requests for its path are its own', () => {
    expect(resourceOn('a.example', '/stock')).toBe('https://api.example:8443/stock')
    expect(resourceOn('a.example', '/orders/v2')).toBeUndefined()
    expect(resourceOn('c.example', '/orders/v2')).toBe('https://api.example:8443/orders/v2')
    expect(resourceOn('c.example', '/stock/more')).toBeUndefined()
  })
})
