import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { diskFiles } from './reference-files.ts'
import { resolveReferences } from './resolve-references.ts'

const root = mkdtempSync(join(tmpdir(), 'jotgate-'))
const folder = join(root, 'config')
const secrets = join(root, 'secrets')
for (const path of [folder, secrets, join(folder, 'keys')]) mkdirSync(path)
writeFileSync(join(folder, 'keys', 'a.pem'), 'inside\r\n')
writeFileSync(join(folder, 'two-breaks'), 'text\n\n')
writeFileSync(join(folder, 'empty'), '\n')
writeFileSync(join(folder, 'a.der'), Buffer.from([0x30, 0x82, 0xff, 0x0a]))
writeFileSync(join(folder, 'large'), Buffer.alloc(1_048_577, 0x61))
writeFileSync(join(secrets, 's'), 'from the secrets folder')
writeFileSync(join(root, 'outside'), 'canary')
symlinkSync('../outside', join(folder, 'link-out'))
symlinkSync('keys/a.pem', join(folder, 'link-in'))
symlinkSync('/dev/zero', join(folder, 'device'))
execFileSync('mkfifo', [join(folder, 'pipe')])

interface Outcome {
  readonly values: readonly unknown[]
  readonly codes: readonly string[]
  readonly messages: string
}

/** Resolves references standing in key fields (or, with `secret`, in a secret field). */
async function resolved(texts: readonly string[], secret = false, secretsDir?: string): Promise<Outcome> {
  const keys = secret ? { sharedSecret: texts } : { publicKey: texts }
  const found = await resolveReferences(
    { issuers: { a: { keys } } },
    {
      environment: { JOTGATE_A: 'value\n', JOTGATE_EMPTY: '', OTHER: 'canary', LISTED: 'listed' },
      allowEnv: ['LISTED'],
      folder,
      secretsDir,
      files: diskFiles,
    },
  )
  const document = found.document as { issuers: { a: { keys: Record<string, readonly unknown[]> } } }
  return {
    values: document.issuers.a.keys[secret ? 'sharedSecret' : 'publicKey'] ?? [],
    codes: found.problems.map(({ code }) => code),
    messages: found.problems.map(({ message, hint }) => `${message} ${hint}`).join('\n'),
  }
}

describe('S20 references in configuration', () => {
  it('read variables that start with JOTGATE_ or are listed, and files below the folder, a final line break cut off', async () => {
    const texts = ['${env:JOTGATE_A}', '${env:LISTED}', '${file:keys/a.pem}', '${file:./link-in}', '${file:two-breaks}']
    expect(await resolved(texts)).toMatchObject({
      values: ['value', 'listed', 'inside', 'inside', 'text\n'],
      codes: [],
    })
    expect(await resolved([`\${file:${join(folder, 'keys/a.pem')}}`])).toMatchObject({ values: ['inside'] })
  })

  it('read binary files as base64', async () => {
    expect((await resolved(['${file:a.der}'])).values).toEqual(['MIL/Cg=='])
  })

  it.each([
    ['a variable of another name', '${env:OTHER}', 'reference_env_not_allowed'],
    ['a variable that is not set', '${env:JOTGATE_NONE}', 'reference_missing'],
    ['a name of every object', '${env:constructor}', 'reference_env_not_allowed'],
    ['an empty variable', '${env:JOTGATE_EMPTY}', 'reference_empty'],
    ['a file above the folder', '${file:../outside}', 'reference_outside'],
    ['an absolute path elsewhere', '${file:/etc/hostname}', 'reference_outside'],
    ['a link that leads out', '${file:link-out}', 'reference_outside'],
    ['a device behind a link', '${file:device}', 'reference_outside'],
    ['the folder itself', '${file:.}', 'reference_outside'],
    ['a folder', '${file:keys}', 'reference_unreadable'],
    ['a pipe nobody writes to', '${file:pipe}', 'reference_unreadable'],
    ['a file over 1 MiB', '${file:large}', 'reference_unreadable'],
    ['an empty file', '${file:empty}', 'reference_empty'],
    ['a file that is not there', '${file:none}', 'reference_missing'],
    ['a path with NUL', '${file:a\0b}', 'reference_malformed'],
    ['a reference inside other text', 'x${env:JOTGATE_A}', 'reference_malformed'],
    ['two references', '${env:JOTGATE_A}${env:JOTGATE_A}', 'reference_malformed'],
    ['a reference without an end', '${env:JOTGATE_A', 'reference_malformed'],
  ])('refuse %s, and never say what it holds', async (_name, text, code) => {
    const { codes, messages, values } = await resolved([text])
    expect(codes).toEqual([code])
    expect(messages).not.toContain('canary')
    expect(values).toEqual([text])
  })

  it('a second folder is read from only when it was named', async () => {
    const text = `\${file:${join(secrets, 's')}}`
    expect((await resolved([text], true)).codes).toEqual(['reference_outside'])
    expect((await resolved([text], true, secrets)).values).toEqual(['from the secrets folder'])
  })

  it('a secret is always a reference', async () => {
    expect((await resolved(['hunter2'], true)).codes).toEqual(['secret_in_clear'])
    expect((await resolved(['a key written out'])).codes).toEqual([])
  })

  it('anywhere else, text that looks like a reference is refused', async () => {
    const ports = { environment: {}, allowEnv: [], folder, secretsDir: undefined, files: diskFiles }
    const document = { issuers: { a: { issuer: '${env:JOTGATE_A}' } }, any: { thing: ['say ${file:/etc/passwd}'] } }
    const { problems } = await resolveReferences(document, ports)
    expect(problems.map(({ path, code }) => `${path} ${code}`)).toEqual([
      'issuers.a.issuer reference_not_allowed',
      'any.thing[0] reference_not_allowed',
    ])
  })

  it('the document given is left as it was', async () => {
    const document = { issuers: { a: { keys: { publicKey: '${env:JOTGATE_A}' } } } }
    const ports = { environment: { JOTGATE_A: 'x' }, allowEnv: [], folder, secretsDir: undefined, files: diskFiles }
    await resolveReferences(document, ports)
    expect(document.issuers.a.keys.publicKey).toBe('${env:JOTGATE_A}')
  })
})
