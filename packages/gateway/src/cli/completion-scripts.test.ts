import { Command, Option } from 'commander'
import { describe, expect, it } from 'vitest'
import { describeCommands } from './completion.ts'
import { completionScripts } from './completion-scripts.ts'

function sample(): Command {
  const program = new Command('jotgate').description('root')
  program
    .command('keys')
    .description("the provider's keys")
    .command('generate')
    .description('make one')
    .addOption(new Option('--alg <name>', 'which').choices(['ES256', 'RS256']))
    .option('-o, --out <folder>', 'where')
  return program
}

describe('completion', () => {
  it('knows every command by its full path, with its options and their values', () => {
    const [root, keys, generate] = describeCommands(sample())
    expect(root?.commands.map(({ name }) => name)).toEqual(['keys'])
    expect(keys?.path).toBe('jotgate keys')
    expect(generate?.options.map(({ long }) => long)).toEqual(['--alg', '--out', '--help'])
    expect(generate?.options[0]?.choices).toEqual(['ES256', 'RS256'])
  })

  it.each(['bash', 'zsh', 'fish'] as const)('the %s script offers commands, options and values', (shell) => {
    const script = completionScripts[shell](describeCommands(sample()))
    expect(script).toContain('generate')
    expect(script).toContain(shell === 'fish' ? '-l alg' : '--alg')
    expect(script).toContain('ES256 RS256')
    expect(script).not.toContain("provider's")
  })
})
