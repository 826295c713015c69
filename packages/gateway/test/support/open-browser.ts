import { createHash, createPublicKey } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import type { Pair } from './make-certificate.ts'

/** Debian's Chromium; undefined where it is not installed. */
export const chromiumPath: string | undefined = ['/usr/bin/chromium'].find((path) => existsSync(path))

export interface BrowserWish {
  /** Names a page may use, patterns with `*` too, and where each leads: an address, with a port of its own or without. */
  readonly names: Readonly<Record<string, string>>
  /** Whose certificates are taken; every other is judged as always. */
  readonly trusted: Pair
  /** An address and port taken for a public one: Chromium's own guard of private networks is out of the way there. */
  readonly unguarded: string
}

/** Starts Chromium without a window. It looks up no name but those given, and asks nobody for anything by itself. */
export function openBrowser({ names, trusted, unguarded }: BrowserWish): Promise<Browser> {
  const rules = Object.entries(names).map(([name, place]) => `MAP ${name} ${place}`)
  return chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      `--host-resolver-rules=${[...rules, 'EXCLUDE 127.0.0.1', 'MAP * ~NOTFOUND'].join(',')}`,
      `--ip-address-space-overrides=${unguarded}=public`,
      `--ignore-certificate-errors-spki-list=${keyDigest(trusted)}`,
    ],
  })
}

function keyDigest({ key }: Pair): string {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('base64')
}
