/** Where something stands in the configuration document: map keys and list positions from the root down. */
export type ConfigPath = readonly (string | number)[]

const plainKey = /^[A-Za-z0-9_$-]+$/
const step = /\.?([A-Za-z0-9_$-]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y

/** A path as text, `apis.orders.access.issuers[0]`; keys of other characters stand in brackets: `claims["x.y"]`. */
export function formatConfigPath(path: ConfigPath): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (plainKey.test(part)) text += text === '' ? part : `.${part}`
    else text += `[${JSON.stringify(part)}]`
  }
  return text
}

/** The reverse of `formatConfigPath`. What cannot be read ends the path there, so that the nearest place is still found. */
export function parseConfigPath(text: string): ConfigPath {
  const path: (string | number)[] = []
  step.lastIndex = 0
  while (step.lastIndex < text.length) {
    const found = step.exec(text)
    if (found === null) return path
    if (found[1] !== undefined) path.push(found[1])
    else if (found[2] !== undefined) path.push(Number(found[2]))
    else path.push(JSON.parse(found[3] ?? '""') as string)
  }
  return path
}
