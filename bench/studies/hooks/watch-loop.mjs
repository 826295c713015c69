// `--import=watch-loop.mjs?file=<path>`: in a worker, notes each time its event loop was late by more than a few
// milliseconds, as "<end, ms since 1970> <length in ms>" a line. The gateway's own gauge looks every 20 ms and cannot
// tell a stall that fits in between. The tick costs about half a per cent of a core.
import { appendFileSync } from 'node:fs'

const tickMs = 1
const notedMs = 2

if (process.argv[1]?.endsWith('worker-main.js')) {
  const file = new URL(import.meta.url).searchParams.get('file')
  let last = performance.now()
  let notes = ''
  setInterval(() => {
    const now = performance.now()
    const stallMs = now - last - tickMs
    last = now
    if (stallMs > notedMs) notes += `${Date.now()} ${stallMs.toFixed(2)}\n`
  }, tickMs).unref()
  setInterval(() => {
    if (notes !== '') appendFileSync(file, notes)
    notes = ''
  }, 500).unref()
}
