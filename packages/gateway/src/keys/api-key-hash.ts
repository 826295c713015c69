import { createHmac } from 'node:crypto'

/** The one form hashes of API keys have in configurations. */
export const apiKeyHashPrefix = 'hmac-sha256:'

/**
 * Hashes API keys with a key of this installation (S28): HMAC-SHA-256 (RFC 2104), base64url, with its prefix. Whoever reads
 * the configuration can neither use a key nor, without the installation's key, find a short one by guessing.
 */
export function createApiKeyHash(key: Buffer): (apiKey: string) => string {
  return (apiKey) => apiKeyHashPrefix + createHmac('sha256', key).update(apiKey, 'utf8').digest('base64url')
}
