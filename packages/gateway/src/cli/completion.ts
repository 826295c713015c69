import { Argument, type Command, type Option } from 'commander'
import { type CompletedCommand, type CompletedOption, completionScripts, type Shell } from './completion-scripts.ts'
import { exitCodes, type Terminal } from './terminal.ts'

/** `jotgate completion`: a script for the shell, made from the commands there are. */
export function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(completionScripts)))
    .addHelpText(
      'after',
      `
Examples:
  source <(jotgate completion bash)
  jotgate completion zsh > "\${fpath[1]}/_jotgate"
  jotgate completion fish > ~/.config/fish/completions/jotgate.fish`,
    )
    .action((shell: Shell) => {
      terminal.out(completionScripts[shell](describeCommands(program)))
      process.exitCode = exitCodes.done
    })
}

/** The command and all below it, flat. */
export function describeCommands(command: Command, parent = ''): readonly CompletedCommand[] {
  const path = parent === '' ? command.name() : `${parent} ${command.name()}`
  const own: CompletedCommand = {
    path,
    description: command.description(),
    commands: command.commands.map((inner) => ({ name: inner.name(), description: inner.description() })),
    options: [...command.options.map(describeOption), help],
  }
  return [own, ...command.commands.flatMap((inner) => describeCommands(inner, path))]
}

const help: CompletedOption = {
  long: '--help',
  short: '-h',
  description: 'display help for command',
  takesValue: false,
  choices: [],
}

function describeOption(option: Option): CompletedOption {
  return {
    long: option.long ?? '',
    short: option.short,
    description: option.description,
    takesValue: option.required,
    choices: option.argChoices ?? [],
  }
}
