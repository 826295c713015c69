/** A value as the JSON every command prints: indented, with a line break at its end. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
