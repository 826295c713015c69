import { type FSWatcher, readlinkSync, realpathSync, statSync, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Watches files by name, whatever happens to them: rewritten, renamed over, removed, or reached through moved links. */
export interface FileWatch {
  /** Watches these files from now on, instead of those before. Call it before reading a file for the first time. */
  readonly set: (files: readonly string[]) => void
  readonly close: () => void
}

/** Beside the kernel's word: network file systems and a few editors leave it out. */
const pollMs = 1000
const linksMax = 16

/**
 * Calls `onChange` when a watched name leads to other content than before. Folders are watched, not files: an
 * editor's rename and Kubernetes' `..data` link replace what a name means without touching the file first opened.
 */
export function watchFiles(onChange: () => void): FileWatch {
  let seen: ReadonlyMap<string, string> = new Map()
  let watchers: readonly FSWatcher[] = []

  function look(): void {
    const now = new Map([...seen.keys()].map((file) => [file, fingerprint(file)]))
    if ([...now].every(([file, print]) => seen.get(file) === print)) return
    seen = now
    watchFolders()
    onChange()
  }

  function watchFolders(): void {
    for (const watcher of watchers) watcher.close()
    const folders = new Set([...seen.keys()].flatMap(foldersOf))
    watchers = [...folders].flatMap((folder) => {
      try {
        return [watch(folder, { persistent: false }, look).on('error', () => undefined)]
      } catch {
        // The folder is gone or watches have run out: polling still looks.
        return []
      }
    })
  }

  const poll = setInterval(look, pollMs)
  return {
    set: (names) => {
      const files = names.map((name) => resolve(name))
      // What changed since it was last looked at, perhaps while it was being read, still counts as a change.
      seen = new Map(files.map((file) => [file, seen.get(file) ?? fingerprint(file)]))
      watchFolders()
    },
    close: () => {
      clearInterval(poll)
      for (const watcher of watchers) watcher.close()
    },
  }
}

/** Changes whenever the name's content may have; a missing file has one too. */
function fingerprint(file: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
    return `${realpathSync(file)} ${ino} ${size} ${mtimeNs} ${ctimeNs}`
  } catch {
    return 'missing'
  }
}

/** The folders whose entries decide what a name leads to: its own, and those of every link on the way. */
function foldersOf(file: string): string[] {
  const folders: string[] = []
  let name = file
  for (let links = 0; links < linksMax; links += 1) {
    folders.push(dirname(name))
    const next = linkTarget(name) ?? linkTarget(dirname(name))
    if (next === undefined) break
    name = next
  }
  return folders
}

function linkTarget(name: string): string | undefined {
  try {
    return resolve(dirname(name), readlinkSync(name))
  } catch {
    return undefined
  }
}
