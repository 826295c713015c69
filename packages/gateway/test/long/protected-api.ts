import { createTokenMint } from './distinct-tokens.ts'

const issuer = 'https://id.example.com/realms/long'
const audience = 'long-api'
const secret = 'a shared secret of this test, 32 bytes or more'

/** What a gateway needs in its environment for `protectedApi`. */
export const protectedEnvironment: Readonly<Record<string, string>> = { JOTGATE_LONG_SECRET: secret }

/** A configuration of one API at `/long` that wants a token, and of open ones at the other paths. */
export function protectedApi(target: string, ...openPaths: readonly string[]): object {
  const upstream = { targets: [target] }
  const open = openPaths.map((path) => [path.slice(1), { listen: { path }, upstream, access: 'public' }])
  return {
    version: 1,
    issuers: {
      long: {
        issuer,
        keys: { sharedSecret: '${env:JOTGATE_LONG_SECRET}' },
        algorithms: ['HS256'],
        audiences: [audience],
      },
    },
    apis: { long: { listen: { path: '/long' }, upstream, access: { issuers: ['long'] } }, ...Object.fromEntries(open) },
  }
}

/** Makes tokens that `protectedApi` takes, one for each number. */
export function mintTokens(): (serial: number) => string {
  return createTokenMint(secret, issuer, audience)
}
