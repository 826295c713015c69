import { readFileSync } from 'node:fs'

/**
 * `npm install` can drop optional packages of other platforms from the lockfile, and then `npm ci` fails there.
 * Every optional dependency of every locked package must have its own entry.
 */
interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, LockedPackage> }
const missing: string[] = []
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`
    if (!(nested in lock.packages) && !(`node_modules/${name}` in lock.packages))
      missing.push(`${path || '.'} -> ${name}`)
  }
}
if (missing.length > 0) {
  process.stderr.write(`package-lock.json lacks optional packages:\n  ${missing.join('\n  ')}\n`)
  process.exit(1)
}
process.stdout.write('lockfile: every optional dependency has its entry\n')
