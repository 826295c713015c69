// `--import=watch-loop.mjs?file=<path>`: in a worker, notes each time its event loop was late by more than a few
// milliseconds. The gateway's own gauge looks every 20 ms and cannot tell a stall that fits in between. The tick costs
// about half a per cent of a core. Lines of "<ms since 1970> <pid> <word>":
//   begun        the watch looks from now on
//   stall <ms>   the loop was late by so much, until now
//   awake        with every write: a watch that does not look must not pass for a loop that does not stall
import { appendFileSync } from 'node:fs'

const tickMs = 1
const notedMs = 2
const writeEveryMs = 500

if (process.argv[1]?.endsWith('worker-main.js')) {
  const file = new URL(import.meta.url).searchParams.get('file')
  const line = (words) => `${Date.now()} ${process.pid} ${words}\n`
  appendFileSync(file, line('begun'))
  let last = performance.now()
  let written = last
  let notes = ''
  setInterval(() => {
    const now = performance.now()
    const stallMs = now - last - tickMs
    last = now
    if (stallMs > notedMs) notes += line(`stall ${stallMs.toFixed(2)}`)
    // By the same tick, so that who says it is awake has looked.
    if (now - written < writeEveryMs) return
    appendFileSync(file, notes + line('awake'))
    notes = ''
    written = now
  }, tickMs).unref()
}
