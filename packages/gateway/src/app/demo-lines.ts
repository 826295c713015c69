import type { Ready } from './ready-line.ts'
import { toUrl } from './ready-line.ts'

/** What the demo says once it serves: one request that passes, one that is refused, and how to ask why. */
export function formatDemo(
  ready: Ready,
  token: string,
  format: 'pretty' | 'json',
  colour: boolean,
  nowMs: number,
): string {
  const url = `${toUrl(ready.address, ready.port)}/demo/hello`
  const accepted = `curl -i ${url} -H 'Authorization: Bearer ${token}'`
  const refused = `curl -i ${url}`
  const explain = 'npx jotgate explain <decision id>'
  if (format === 'json') {
    const line = { time: new Date(nowMs).toISOString(), level: 'info', event: 'demo', accepted, refused, explain }
    return `${JSON.stringify(line)}\n`
  }
  const heading = (text: string): string => (colour ? `\u001b[1m${text}\u001b[22m` : text)
  return `
${heading('An echo API at /demo, protected by a key made just now. Its token holds for one hour.')}

${heading('Let through:')}
  ${accepted}

${heading('Refused, since it brings no token:')}
  ${refused}

${heading('Why? Every answer names its decision in the header jotgate-decision:')}
  ${explain}

`
}
