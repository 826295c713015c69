import type { LocatedProblem } from './config-source.ts'

/** `file:line:column code message (hint)`, one line a problem; warnings say so. */
export function formatProblems(problems: readonly LocatedProblem[]): string {
  return problems.map(formatProblem).join('\n')
}

/** One problem as one line, free of control and bidi characters. */
export function formatProblem({ file, line, column, code, message, hint, severity }: LocatedProblem): string {
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`
  const kind = severity === 'warning' ? 'warning: ' : ''
  const way = hint === undefined ? '' : ` (${hint})`
  return escapeControls(`${place} ${code} ${kind}${message}${way}`)
}

/** Names of the document stand in messages: none may move the cursor or turn the reading direction. */
function escapeControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return `\\u{${code.toString(16)}}`
  })
}
