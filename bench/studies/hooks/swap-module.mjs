// `--import=swap-module.mjs?part=<end of a module's path>&by=<file URL>`: whoever imports the part gets the other module.
import { register } from 'node:module'

const { part, by } = Object.fromEntries(new URL(import.meta.url).searchParams)
register('./swap-module-hooks.mjs', import.meta.url, { data: { part, by } })
