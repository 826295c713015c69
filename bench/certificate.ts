import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemPath } from './sides/system-path.ts'
import { keptFolder } from './tokens.ts'

/** What both sides show to callers: ECDSA P-256, signed by itself. */
export interface Certificate {
  readonly certificateFile: string
  readonly privateKeyFile: string
  /** Both in one file, as HAProxy wants them. */
  readonly bothFile: string
}

/** Made by openssl once a day, and kept. */
export function certificate(): Certificate {
  mkdirSync(keptFolder, { recursive: true, mode: 0o700 })
  const name = join(keptFolder, `tls-${Math.floor(Date.now() / 86_400_000)}`)
  const made = { certificateFile: `${name}.crt`, privateKeyFile: `${name}.key`, bothFile: `${name}.pem` }
  if (existsSync(made.bothFile)) return made
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', made.privateKeyFile]
  const names = ['-subj', '/CN=bench.example.com', '-addext', 'subjectAltName=DNS:bench.example.com,IP:127.0.0.1']
  execFileSync('openssl', ['req', '-x509', ...key, ...names, '-days', '3', '-out', made.certificateFile], {
    stdio: 'pipe',
    env: { PATH: systemPath },
  })
  const both = readFileSync(made.certificateFile, 'utf8') + readFileSync(made.privateKeyFile, 'utf8')
  writeFileSync(made.bothFile, both, { mode: 0o600 })
  return made
}
