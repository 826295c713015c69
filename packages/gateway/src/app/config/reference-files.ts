import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { err, ok, type Result } from '../../domain/result.ts'

/** Reading of referenced files. */
export interface ReferenceFiles {
  /** The path with every link resolved; undefined when nothing is there. */
  readonly realPath: (path: string) => Promise<string | undefined>
  /** The bytes of a regular file of at most `bytesMax`, or why not. */
  readonly readBytes: (path: string, bytesMax: number) => Promise<Result<Buffer, FileFault>>
}

export type FileFault = 'missing' | 'not_permitted' | 'not_a_file' | 'too_large'

/** Referenced files on this machine's disk. A pipe or device is never waited for. */
export const diskFiles: ReferenceFiles = {
  async realPath(path) {
    try {
      return await realpath(path)
    } catch {
      return undefined
    }
  },
  readBytes,
}

async function readBytes(path: string, bytesMax: number): Promise<Result<Buffer, FileFault>> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const { size } = await file.stat().then((stat) => (stat.isFile() ? stat : { size: -1 }))
      if (size < 0) return err('not_a_file')
      if (size > bytesMax) return err('too_large')
      return ok((await file.readFile()).subarray(0, bytesMax))
    } finally {
      await file.close()
    }
  } catch (cause) {
    return err((cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'not_permitted')
  }
}
