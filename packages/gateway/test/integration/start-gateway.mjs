// Starts the built gateway with the options given as JSON, as `jotgate start` does.
import { start } from '../../dist/app/start.js'

process.exit(await start(JSON.parse(process.argv[2])))
