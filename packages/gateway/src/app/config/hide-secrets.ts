/** Members of the configuration document that hold secrets, however deep. */
const secretMembers: ReadonlySet<string> = new Set(['sharedSecret', 'clientSecret', 'secret', 'privateKey', 'k'])

/**
 * The document with every secret replaced, for showing it. A reference (`${env:…}`, `${file:…}`) stays: it says where
 * a secret is, not what it is.
 */
export function hideSecrets(document: unknown): unknown {
  if (Array.isArray(document)) return document.map(hideSecrets)
  if (typeof document !== 'object' || document === null) return document
  return Object.fromEntries(
    Object.entries(document).map(([name, value]) => [
      name,
      secretMembers.has(name) || (name === 'jwks' && typeof value === 'string')
        ? hide(value)
        : hideSecrets(name === 'tls' ? hideCertificates(value) : value),
    ]),
  )
}

/** Certificates are no secret, but pages of them say nothing to a reader. */
function hideCertificates(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith('-----BEGIN CERTIFICATE') ? '[certificate]' : value
  if (Array.isArray(value)) return value.map(hideCertificates)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, hideCertificates(member)]))
}

function hide(secret: unknown): unknown {
  if (Array.isArray(secret)) return secret.map(hide)
  if (typeof secret === 'object') return hideSecrets(secret)
  return typeof secret === 'string' && /^\$\{(env|file):[^}]*\}$/.test(secret) ? secret : '[hidden]'
}
