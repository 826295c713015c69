/** Which of a listener's certificates answers to a name: numbers of choices, as plain data. */
export interface ServerNames {
  /** By whole name, lower case. */
  readonly exact: ReadonlyMap<string, number>
  /** By what follows the first label: `example.com` for `*.example.com`. */
  readonly wildcard: ReadonlyMap<string, number>
}

/**
 * The choice for a name (lower case): its own, then that of the wildcard one label up (RFC 9525 6.3). Undefined: no
 * certificate covers the name, so the listener's first one is shown.
 */
export function chooseByName(names: ServerNames, name: string): number | undefined {
  const exact = names.exact.get(name)
  if (exact !== undefined) return exact
  const dot = name.indexOf('.')
  return dot < 1 ? undefined : names.wildcard.get(name.slice(dot + 1))
}

/** Fills a table from choices in order of configuration: of two that cover one name the first has it. */
export function serverNames(choices: readonly (readonly string[])[]): ServerNames {
  const exact = new Map<string, number>()
  const wildcard = new Map<string, number>()
  for (const [choice, names] of choices.entries()) {
    for (const name of names) {
      const [table, key] = name.startsWith('*.') ? [wildcard, name.slice(2)] : [exact, name]
      if (!table.has(key)) table.set(key, choice)
    }
  }
  return { exact, wildcard }
}
