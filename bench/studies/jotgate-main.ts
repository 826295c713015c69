import { fileURLToPath } from 'node:url'

/** What `jotgate` runs. */
export const jotgateMain: string = fileURLToPath(new URL('../../packages/gateway/bin/jotgate.js', import.meta.url))
