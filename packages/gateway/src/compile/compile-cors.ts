import { type ConfigPath, type CorsConfig, formatConfigPath } from '@jotgate/contract'
import { checkMethodsUsed } from './check-methods-used.ts'
import type { CorsPlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** What a script must be able to read to say why it was refused. */
const alwaysExposed: readonly string[] = ['WWW-Authenticate', 'Retry-After', 'jotgate-decision']

/** Which pages of other sites may call an API (security rule S18). `carriers`: headers its callers' credentials come in. */
export function compileCors(
  cors: CorsConfig,
  apiMethods: readonly string[],
  carriers: readonly string[],
  path: ConfigPath,
  problems: ProblemList,
): CorsPlan {
  checkMethodsUsed(cors.methods, apiMethods, [...path, 'methods'], problems)
  if (cors.exposeHeaders.includes('*') && cors.credentials) {
    const message = 'with `credentials` browsers take `*` for a header of that name'
    problems.error([...path, 'exposeHeaders'], 'cors_wildcard', message, 'list the headers')
  }
  return {
    rule: formatConfigPath(path),
    origins: compileOrigins(cors, [...path, 'origins'], problems),
    methods: cors.methods ?? apiMethods,
    headers: compileHeaders(cors, carriers, [...path, 'headers'], problems),
    expose: [...new Set([...alwaysExposed, ...cors.exposeHeaders])].join(', '),
    credentials: cors.credentials,
    maxAgeSeconds: Math.floor(cors.maxAge / 1000),
  }
}

function compileOrigins(
  { origins, credentials }: CorsConfig,
  path: ConfigPath,
  problems: ProblemList,
): readonly string[] | 'any' {
  if (isAny(origins, path, problems)) {
    if (credentials) {
      const message = 'any page could read what its visitor may see'
      problems.error(
        path,
        'cors_any_credentials',
        `\`*\` never goes with \`credentials\`: ${message}`,
        'list the origins',
      )
    } else {
      const message = 'any page may call this API from the network of whoever looks at it'
      problems.warn(path, 'cors_any_origin', message, 'list the origins, unless the API is for everybody')
    }
    return 'any'
  }
  for (const [index, origin] of origins.entries()) checkOrigin(origin, credentials, [...path, index], problems)
  return origins
}

function checkOrigin(origin: string, credentials: boolean, path: ConfigPath, problems: ProblemList): void {
  // `*` beside others is told by `isAny`.
  if (origin === '*') return
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  const web = url?.protocol === 'http:' || url?.protocol === 'https:'
  // Applications in a web view send origins of schemes of their own, such as capacitor://localhost, as they are.
  if (url === undefined || (web && url.origin !== origin) || (!web && origin !== origin.toLowerCase())) {
    const hint = web ? `write ${url.origin}` : 'as in https://app.example.com'
    problems.error(path, 'invalid_origin', 'not an origin as browsers send it', hint)
  } else if (
    credentials &&
    url.protocol === 'http:' &&
    !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  ) {
    const message = 'whoever is on the way can change that page, and calls with the cookies of its visitors'
    problems.warn(path, 'cors_plain_http', message, 'use https')
  }
}

function compileHeaders(
  { headers }: CorsConfig,
  carriers: readonly string[],
  path: ConfigPath,
  problems: ProblemList,
): readonly string[] | 'any' {
  if (headers === undefined) {
    return [...new Set([...carriers, 'content-type'])]
  }
  if (isAny(headers, path, problems)) return 'any'
  return headers.map((name) => name.toLowerCase())
}

function isAny(names: readonly string[], path: ConfigPath, problems: ProblemList): boolean {
  if (!names.includes('*')) return false
  if (names.length > 1) problems.error(path, 'cors_wildcard', '`*` stands alone', 'drop it, or all others')
  return true
}
