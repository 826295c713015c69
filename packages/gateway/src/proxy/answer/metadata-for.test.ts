import { expect, it } from 'vitest'
import { apiPlanOf, headOf, objectsOf, plainGateway } from '../../../test/fixtures/requests.ts'
import { assemble } from '../../compile/assemble.ts'
import { metadataFor } from './metadata-for.ts'

it('metadata names the resource as callers of the listener see it; without a public URL there is none', () => {
  const gateway = { ...plainGateway, publicUrls: ['https://a.example', null, 'https://c.example:8443'] }
  const snapshot = assemble(objectsOf([apiPlanOf()], gateway), 1)
  const head = headOf('/.well-known/oauth-protected-resource/orders')
  const resources = [0, 1, 2, 3].map((listener) => {
    const body = metadataFor(snapshot, listener, head)?.body
    return body === undefined ? undefined : (JSON.parse(body) as { resource: string }).resource
  })
  expect(resources).toEqual(['https://a.example/orders', undefined, 'https://c.example:8443/orders', undefined])
})
