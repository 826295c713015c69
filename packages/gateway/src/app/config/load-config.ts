import { dirname, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Config, ConfigProblem } from '@jotgate/contract'
import { compileConfig } from '../../compile/compile-config.ts'
import { compileSoundPart } from '../../compile/compile-sound-part.ts'
import { parseConfig } from '../../compile/parse-config.ts'
import type { CompiledConfig } from '../../compile/plan.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Environment } from '../env.ts'
import { compilePorts } from './compile-ports.ts'
import type { ConfigSource, LocatedProblem } from './config-source.ts'
import type { AdjustedConfig } from './keep-places.ts'
import { configBytesMax, readConfigText } from './read-config-text.ts'
import { diskFiles, type FileFault, type ReferenceFiles } from './reference-files.ts'
import { type ResolvedDocument, resolveReferences } from './resolve-references.ts'

export interface LoadConfigPorts {
  readonly environment: Environment
  /** Variables beside `JOTGATE_*` that references may name. */
  readonly allowEnv: readonly string[]
  /** A second folder for referenced files. */
  readonly secretsDir: string | undefined
  /** The time certificates are judged at. */
  readonly nowMs: number
  /** What the command line and the gateway's start decide over the file: addresses and ports. */
  readonly adjust?: (config: Config) => Result<AdjustedConfig, readonly ConfigProblem[]>
  /** Told, before they are read, of every file the configuration is made of, missing ones too: to be watched. */
  readonly onFiles?: (files: readonly string[]) => void
  /** Waits a little. When given, the file must read the same before and after: a write in progress is not taken. */
  readonly settle?: () => Promise<void>
  readonly files?: ReferenceFiles
}

/** A configuration that may go live. */
export interface LoadedConfig {
  readonly compiled: CompiledConfig
  /** The document with every default, references resolved: holds secrets (`hideSecrets` before it is shown). */
  readonly document: Config
  readonly source: ConfigSource
  /** Every file it was made of, absolute, links not resolved. */
  readonly files: readonly string[]
  /** Named loosenings and lint findings. */
  readonly warnings: readonly LocatedProblem[]
}

/** The one way from a file to plans, for `check`, start and reload: every problem at once, each with its place. */
export async function loadConfig(
  file: string,
  ports: LoadConfigPorts,
): Promise<Result<LoadedConfig, readonly LocatedProblem[]>> {
  const path = resolve(file)
  const files = ports.files ?? diskFiles
  ports.onFiles?.([path])
  const bytes = await readSettled(path, files, ports.settle)
  if (!bytes.ok) return err([{ file, path: '', ...bytes.error, severity: 'error' }])
  const read = readConfigText(bytes.value, file)
  if (!read.ok) return err(read.error.map(({ position, ...problem }) => ({ file, ...problem, ...position })))
  const source = read.value
  const located = (problems: readonly ConfigProblem[]): readonly LocatedProblem[] =>
    problems.map((problem) => ({ file, ...problem, ...source.locate(problem.path) })).sort(byPlace)

  const { environment, allowEnv, secretsDir } = ports
  const look = (): Promise<ResolvedDocument> =>
    resolveReferences(source.document, {
      environment,
      allowEnv,
      folder: dirname(path),
      secretsDir: secretsDir === undefined ? undefined : resolve(secretsDir),
      files,
      onFile: (referenced) => ports.onFiles?.([path, ...referenced]),
    })
  const references = await resolveSettled(look, ports.settle)
  if (references === undefined) {
    const message = 'a file that is referenced is still being written'
    return err([{ file, path: '', code: 'file_changing', message, severity: 'error' }])
  }
  const unresolved = references.problems
  const parsed = parseConfig(references.document)
  const reading = compilePorts(ports.nowMs)
  if (!parsed.ok) {
    const further = compileSoundPart(references.document, reading)
    return err(located([...unresolved, ...parsed.error, ...unrelated(further, unresolved)]))
  }
  const adjusted = ports.adjust?.(parsed.value) ?? ok({ config: parsed.value, warnings: [] })
  if (!adjusted.ok) return err(located([...unresolved, ...adjusted.error]))
  const document = adjusted.value.config
  const compiled = compileConfig(document, reading)
  if (unresolved.length > 0) {
    const further = compiled.ok ? compiled.value.warnings : compiled.error
    return err(located([...unresolved, ...unrelated(further, unresolved)]))
  }
  if (!compiled.ok) return err(located(compiled.error))
  return ok({
    compiled: compiled.value.compiled,
    document,
    source,
    files: [path, ...references.files],
    warnings: located([...adjusted.value.warnings, ...compiled.value.warnings]),
  })
}

/** What compiling found beside fields whose reference failed: there it saw only the reference's own text. */
function unrelated(found: readonly ConfigProblem[], unresolved: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return found.filter(({ path }) => !unresolved.some((problem) => problem.path === path))
}

const readsMax = 40

type Fault = Pick<ConfigProblem, 'code' | 'message' | 'hint'>

async function readSettled(
  path: string,
  files: ReferenceFiles,
  settle: (() => Promise<void>) | undefined,
): Promise<Result<Buffer, Fault>> {
  let before = await files.readBytes(path, configBytesMax)
  for (let reads = 1; settle !== undefined && reads < readsMax; reads++) {
    await settle()
    const after = await files.readBytes(path, configBytesMax)
    if (before.ok ? after.ok && after.value.equals(before.value) : !after.ok) break
    before = after
    if (reads + 1 === readsMax) return err({ code: 'file_changing', message: 'the file is still being written' })
  }
  return before.ok ? before : err(fileFaults[before.error])
}

/** Referenced files must read the same before and after too. Undefined: they never did. */
async function resolveSettled(
  look: () => Promise<ResolvedDocument>,
  settle: (() => Promise<void>) | undefined,
): Promise<ResolvedDocument | undefined> {
  let before = await look()
  if (settle === undefined || before.files.length === 0) return before
  for (let reads = 1; reads < readsMax; reads++) {
    await settle()
    const after = await look()
    if (isDeepStrictEqual(before, after)) return after
    before = after
  }
  return undefined
}

const fileFaults: Readonly<Record<FileFault, Fault>> = {
  missing: { code: 'file_missing', message: 'there is no such file' },
  not_permitted: { code: 'file_unreadable', message: 'the file may not be read by this process' },
  not_a_file: { code: 'file_unreadable', message: 'not a regular file' },
  too_large: { code: 'too_large', message: 'the file is larger than 16 MiB' },
}

function byPlace(one: LocatedProblem, other: LocatedProblem): number {
  return (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0)
}
