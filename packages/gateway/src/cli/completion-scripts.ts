/** A command as a shell completes it. */
export interface CompletedCommand {
  /** `jotgate keys generate` */
  readonly path: string
  readonly description: string
  readonly commands: readonly { readonly name: string; readonly description: string }[]
  readonly options: readonly CompletedOption[]
}

export interface CompletedOption {
  readonly long: string
  readonly short: string | undefined
  readonly description: string
  readonly takesValue: boolean
  /** The only values it takes; none: any, files among them. */
  readonly choices: readonly string[]
}

export type Shell = 'bash' | 'zsh' | 'fish'

/** The script that makes a shell complete these commands. */
export const completionScripts: { readonly [S in Shell]: (commands: readonly CompletedCommand[]) => string } = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

/** One case for each command's words, and one for each option with known values. */
function casesOf(commands: readonly CompletedCommand[], assign: (words: string) => string): readonly string[] {
  return commands.map(({ path, commands: inner, options }) => {
    const words = [...inner.map(({ name }) => name), ...options.map(({ long }) => long)].join(' ')
    return `    ${quote(path)}) ${assign(words)} ;;`
  })
}

function choiceCases(commands: readonly CompletedCommand[], assign: (words: string) => string): readonly string[] {
  return commands.flatMap(({ path, options }) =>
    options.flatMap(({ long, choices }) =>
      choices.length === 0 ? [] : [`    ${quote(`${path} ${long}`)}) ${assign(choices.join(' '))} ;;`],
    ),
  )
}

function valueOptions(commands: readonly CompletedCommand[]): string {
  const names = commands.flatMap(({ path, options }) =>
    options.flatMap(({ long, short, takesValue }) =>
      takesValue ? [long, ...(short === undefined ? [] : [short])].map((name) => quote(`${path} ${name}`)) : [],
    ),
  )
  return names.join('|')
}

function bashScript(commands: readonly CompletedCommand[]): string {
  const paths = commands.map(({ path }) => quote(path)).join('|')
  return `# bash completion for jotgate; load it with: source <(jotgate completion bash)
_jotgate() {
  local word place=jotgate words='' values='' index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$place $word" in
    ${paths}) place="$place $word" ;;
    esac
  done
  case "$place \${COMP_WORDS[COMP_CWORD - 1]}" in
${choiceCases(commands, (choices) => `values=${quote(choices)}`).join('\n')}
    ${valueOptions(commands)}) return ;;
  esac
  case "$place" in
${casesOf(commands, (all) => `words=${quote(all)}`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "\${values:-$words}" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _jotgate jotgate
`
}

function zshScript(commands: readonly CompletedCommand[]): string {
  const paths = commands.map(({ path }) => quote(path)).join('|')
  return `#compdef jotgate
# zsh completion for jotgate; load it with: source <(jotgate completion zsh)
_jotgate() {
  local word place=jotgate
  local -a found
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$place $word" in
    ${paths}) place="$place $word" ;;
    esac
  done
  case "$place \${words[CURRENT-1]}" in
${choiceCases(commands, (choices) => `compadd -- ${choices}; return`).join('\n')}
    ${valueOptions(commands)}) _files; return ;;
  esac
  case "$place" in
${casesOf(commands, (all) => `found=(${all})`).join('\n')}
  esac
  compadd -- $found
  [[ "$PREFIX" == -* ]] || _files
}
compdef _jotgate jotgate
`
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ path, commands: inner, options }) => {
    const at = `-n ${quote(`__jotgate_at ${quote2(path)}`)}`
    return [
      ...inner.map(
        ({ name, description }) => `complete -c jotgate -f ${at} -a ${quote(name)} -d ${quote(description)}`,
      ),
      ...options.map(({ long, short, description, takesValue, choices }) =>
        [
          `complete -c jotgate ${at} -l ${long.replace(/^--/, '')}`,
          ...(short === undefined ? [] : [`-s ${short.replace(/^-/, '')}`]),
          ...(takesValue ? ['-r'] : []),
          ...(choices.length === 0 ? [] : [`-f -a ${quote(choices.join(' '))}`]),
          `-d ${quote(description)}`,
        ].join(' '),
      ),
    ]
  })
  const paths = commands.map(({ path }) => quote(path)).join(' ')
  return `# fish completion for jotgate; load it with: jotgate completion fish | source
function __jotgate_at
  set -l place jotgate
  for word in (commandline -opc)[2..-1]
    if contains -- "$place $word" ${paths}
      set place "$place $word"
    end
  end
  test "$place" = "$argv[1]"
end
${lines.join('\n')}
`
}

/** A word between single quotes, as bash, zsh and fish read it alike. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '').replaceAll("'", '’')}'`
}

function quote2(text: string): string {
  return `"${text}"`
}
