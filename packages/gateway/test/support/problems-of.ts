import { loadConfig } from '../../src/app/config/load-config.ts'
import { err, ok } from '../../src/domain/result.ts'

/** The errors of a configuration as `path code`; `JOTGATE_SECRET` is the one variable there is. */
export async function problemsOf(config: object): Promise<readonly string[]> {
  const file = '/etc/jotgate.json'
  const loaded = await loadConfig(file, {
    environment: { JOTGATE_SECRET: 'p7Vd2mXq9LkT4wZs8RbN6yHc3FgJ5aEu' },
    allowEnv: [],
    secretsDir: undefined,
    nowMs: 0,
    files: {
      realPath: async (path) => path,
      readBytes: async (path) => (path === file ? ok(Buffer.from(JSON.stringify(config))) : err('missing')),
    },
  })
  if (loaded.ok) return []
  const errors = loaded.error.filter(({ severity }) => severity === 'error')
  return errors.map(({ path, code }) => `${path} ${code}`)
}
