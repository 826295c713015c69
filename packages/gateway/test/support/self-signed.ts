import { execFileSync } from 'node:child_process'
import type { KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate in PEM that a private key made for itself, valid from now on. */
export function selfSigned(privateKey: KeyObject, days: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'jotgate-certificate-'))
  try {
    const path = join(folder, 'key.pem')
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
    const options = ['req', '-x509', '-new', '-key', path, '-subj', '/CN=jotgate.test', '-days', String(days)]
    return execFileSync('openssl', options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
