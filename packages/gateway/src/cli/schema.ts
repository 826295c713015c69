import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { exitCodes, type Terminal } from './terminal.ts'
import { toJson } from './to-json.ts'

interface SchemaFlags {
  readonly docs?: true
  readonly write?: string | true
}

/** `jotgate schema`: the shape of a configuration, for editors and for readers. */
export function addSchema(program: Command, terminal: Terminal): void {
  program
    .command('schema')
    .description('print the JSON Schema of jotgate.yaml, or its reference')
    .option('--docs', 'print the reference as Markdown instead')
    .option('--write [folder]', 'write both, jotgate.schema.json and configuration.md, to a folder (default: docs)')
    .addHelpText(
      'after',
      `
An editor with a YAML language server completes and checks jotgate.yaml after this first line:
  # yaml-language-server: $schema=jotgate.schema.json

Examples:
  jotgate schema > jotgate.schema.json
  jotgate schema --docs | less
  jotgate schema --write docs`,
    )
    .action(async (flags: SchemaFlags) => {
      process.exitCode = await schema(flags, terminal)
    })
}

async function schema({ docs, write }: SchemaFlags, terminal: Terminal): Promise<number> {
  const { configJsonSchema, configReference } = await import('@jotgate/contract')
  const schemaText = toJson(configJsonSchema())
  if (write === undefined) {
    terminal.out(docs ? configReference() : schemaText)
    return exitCodes.done
  }
  const folder = write === true ? 'docs' : write
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'jotgate.schema.json'), schemaText)
    writeFileSync(join(folder, 'configuration.md'), configReference())
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    return terminal.fail(`${folder} cannot be written (${code}); name another folder`)
  }
  terminal.note(`Wrote jotgate.schema.json and configuration.md to ${folder}.\n`)
  return exitCodes.done
}
