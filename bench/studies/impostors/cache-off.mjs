// Stands in for proxy/token-cache: a cache that never finds anything.
import { createTokenCache as createReal } from '../../../packages/gateway/dist/proxy/token-cache.js'

export { flatCopy, keptClaims } from '../../../packages/gateway/dist/proxy/token-cache.js'

export function createTokenCache(bounds) {
  return { ...createReal(bounds), find: () => undefined }
}
