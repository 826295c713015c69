import { execFile } from 'node:child_process'
import type { createPublicKey, createVerify, generateKeyPairSync, sign } from 'node:crypto'

/** Microseconds of one RS256 verification on the gateway's core right now: the yardstick of the machine's own speed. */
export function referenceUs(cpu: number): Promise<number> {
  const code = `(${spin.toString()})`
  return new Promise((resolve, reject) => {
    const args = ['-c', String(cpu), process.execPath, '-e', `const c=require('node:crypto');console.log(${code}(c))`]
    execFile('taskset', args, (error, stdout) => (error === null ? resolve(Number(stdout)) : reject(error)))
  })
}

interface Crypto {
  readonly generateKeyPairSync: typeof generateKeyPairSync
  readonly sign: typeof sign
  readonly createPublicKey: typeof createPublicKey
  readonly createVerify: typeof createVerify
  readonly verify: (hash: string, data: Buffer, key: unknown, signature: Buffer) => boolean
}

function spin(crypto: Crypto): number {
  const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 })
  const data = Buffer.alloc(1200, 'x')
  const signature = crypto.sign('sha256', data, privateKey)
  for (let i = 0; i < 5_000; i++) crypto.verify('sha256', data, publicKey, signature)
  const begin = process.cpuUsage()
  for (let i = 0; i < 20_000; i++) crypto.verify('sha256', data, publicKey, signature)
  const used = process.cpuUsage(begin)
  return (used.user + used.system) / 20_000
}
