import { isAbsolute, relative, resolve, sep } from 'node:path'
import { type ConfigPath, type ConfigProblem, formatConfigPath, type MarkedText, markedTexts } from '@jotgate/contract'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Environment } from '../env.ts'
import type { FileFault, ReferenceFiles } from './reference-files.ts'

/** Where `${env:…}` and `${file:…}` may look (security rule S20). */
export interface ReferencePorts {
  readonly environment: Environment
  /** Variables beside `JOTGATE_*` that may be named. */
  readonly allowEnv: readonly string[]
  /** The configuration's own folder, absolute: relative paths start here. */
  readonly folder: string
  /** A second folder that files may lie in, absolute. */
  readonly secretsDir: string | undefined
  readonly files: ReferenceFiles
  /** Told of the files so far before one more is read: one that appears later should be noticed. */
  readonly onFile?: (files: readonly string[]) => void
}

/** A document with every reference replaced that could be; the others stay as text and have a problem each. */
export interface ResolvedDocument {
  readonly document: unknown
  readonly problems: readonly ConfigProblem[]
  /** Files that were named, missing ones too: absolute paths, links not resolved. */
  readonly files: readonly string[]
}

const fileBytesMax = 1_048_576

/**
 * Replaces every reference of an operator's own file by what it names: one environment variable or one file for a
 * whole field. Elsewhere, and in documents from anywhere else, a reference is refused. Problems name the reference,
 * never what it holds.
 */
export async function resolveReferences(document: unknown, ports: ReferencePorts): Promise<ResolvedDocument> {
  const copy: unknown = structuredClone(document)
  const problems: ConfigProblem[] = []
  const files = new Set<string>()
  for (const marked of markedTexts(document)) {
    const reference = readReference(marked)
    const found = reference.ok ? await look(reference.value, ports, files) : reference
    if (found.ok && found.value !== undefined) assign(copy, marked.path, found.value)
    else if (!found.ok) problems.push({ path: formatConfigPath(marked.path), ...found.error, severity: 'error' })
  }
  return { document: copy, problems, files: [...files] }
}

type Fault = Pick<ConfigProblem, 'code' | 'message' | 'hint'>

interface Reference {
  readonly kind: 'env' | 'file'
  readonly name: string
}

/** Undefined: ordinary text that stays. */
function readReference({ text, field }: MarkedText): Result<Reference | undefined, Fault> {
  const whole = /^\$\{(env|file):([^{}\0\r\n]{1,1024})\}$/.exec(text)
  if (field === 'plain') {
    return refuse(
      'reference_not_allowed',
      'text that looks like a reference, in a field where none is read',
      'references are read only where a key or a secret stands',
    )
  }
  if (whole?.[1] !== undefined && whole[2] !== undefined) {
    return ok({ kind: whole[1] === 'env' ? 'env' : 'file', name: whole[2] })
  }
  if (/\$\{(env|file):/.test(text)) {
    return refuse(
      'reference_malformed',
      'a reference must be the whole text of its field',
      'write `${env:NAME}` or `${file:PATH}`',
    )
  }
  if (field === 'key') return ok(undefined)
  return refuse(
    'secret_in_clear',
    'a secret must not stand in the configuration itself',
    'write `${env:JOTGATE_…}` or `${file:…}`',
  )
}

async function look(
  reference: Reference | undefined,
  ports: ReferencePorts,
  files: Set<string>,
): Promise<Result<string | undefined, Fault>> {
  if (reference === undefined) return ok(undefined)
  return reference.kind === 'env' ? lookInEnvironment(reference.name, ports) : lookInFile(reference.name, ports, files)
}

function lookInEnvironment(name: string, { environment, allowEnv }: ReferencePorts): Result<string, Fault> {
  if (!name.startsWith('JOTGATE_') && !allowEnv.includes(name)) {
    return refuse(
      'reference_env_not_allowed',
      `the variable ${name} may not be read`,
      `name it JOTGATE_…, or start with --allow-env ${name}`,
    )
  }
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined
  if (value === undefined) return refuse('reference_missing', `the environment variable ${name} is not set`)
  return nonEmpty(value, `the environment variable ${name} is empty`)
}

async function lookInFile(name: string, ports: ReferencePorts, files: Set<string>): Promise<Result<string, Fault>> {
  const path = resolve(ports.folder, name)
  const roots = [ports.folder, ...(ports.secretsDir === undefined ? [] : [ports.secretsDir])]
  // Before links are followed as well as after: what lies elsewhere is not even asked whether it exists.
  if (!roots.some((root) => isBelow(path, root))) return outside(name)
  files.add(path)
  ports.onFile?.([...files])
  const real = await ports.files.realPath(path)
  if (real === undefined) return refuse('reference_missing', `the file ${name} is not there`)
  const realRoots = await Promise.all(roots.map((root) => ports.files.realPath(root)))
  if (!realRoots.some((root) => root !== undefined && isBelow(real, root))) return outside(name)
  const bytes = await ports.files.readBytes(real, fileBytesMax)
  if (!bytes.ok && bytes.error === 'missing') return refuse('reference_missing', `the file ${name} is not there`)
  if (!bytes.ok) return refuse('reference_unreadable', `the file ${name} ${faultWords[bytes.error]}`)
  return nonEmpty(textOf(bytes.value), `the file ${name} is empty`)
}

/** Binary files (a DER key or certificate) become base64, which every key field reads. */
function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return bytes.toString('base64')
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

const faultWords: Readonly<Record<FileFault, string>> = {
  missing: 'is not there',
  not_permitted: 'may not be read by this process',
  not_a_file: 'is not a regular file',
  too_large: 'is larger than 1 MiB',
}

function outside(name: string): Result<never, Fault> {
  return refuse(
    'reference_outside',
    `the file ${name} is outside the configuration's folder`,
    'move it there, or start with --secrets-dir',
  )
}

function isBelow(path: string, root: string): boolean {
  const way = relative(root, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** Editors and `echo` end files with a line break that belongs to no secret. */
function nonEmpty(text: string, whenEmpty: string): Result<string, Fault> {
  const value = text.replace(/\r?\n$/, '')
  return value === '' ? refuse('reference_empty', whenEmpty) : ok(value)
}

function assign(root: unknown, path: ConfigPath, value: string): void {
  const parent = path.slice(0, -1).reduce((at, part) => (at as Record<string | number, unknown>)[part], root)
  const last = path.at(-1)
  if (last !== undefined) (parent as Record<string | number, unknown>)[last] = value
}

function refuse(code: string, message: string, hint?: string): Result<never, Fault> {
  return err(hint === undefined ? { code, message } : { code, message, hint })
}
