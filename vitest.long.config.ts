import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (name: string): string => fileURLToPath(new URL(`./packages/${name}/src/index.ts`, import.meta.url))

/** What runs before a release: the long suites, and those of `npm test` that do more when JOTGATE_LONG is set. */
export default defineConfig({
  resolve: { alias: { '@jotgate/contract': source('contract'), '@jotgate/signer': source('signer') } },
  test: {
    include: [
      'packages/gateway/test/long/*.long.ts',
      'packages/gateway/src/proxy/forward.test.ts',
      'packages/gateway/test/integration/{cross-talk,exhaustion,model-gateway,same-path,streaming}.test.ts',
    ],
    testTimeout: 15 * 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // One file at a time: figures of memory and of failed requests are not to depend on what else runs.
    maxWorkers: 1,
    fileParallelism: false,
  },
})
