import { type ConfigPath, documentDepthMax } from '@jotgate/contract'
import type { TextFault } from './config-source.ts'

/** Told of every key and list item: its path and the offset where it begins. Returning true ends the scan. */
export type JsonVisitor = (path: ConfigPath, at: number) => boolean

interface Scan {
  readonly text: string
  readonly visit: JsonVisitor
  at: number
  fault: TextFault | undefined
  stopped: boolean
}

/**
 * Walks JSON text (RFC 8259) strictly and in linear time: finds the first syntax fault, duplicate key or excess of
 * depth, with its offset, which `JSON.parse` does not tell (and its messages quote the text). Undefined: none found.
 */
export function scanJson(text: string, visit: JsonVisitor): TextFault | undefined {
  const scan: Scan = { text, visit, at: 0, fault: undefined, stopped: false }
  skipSpace(scan)
  scanValue(scan, [])
  if (scan.fault !== undefined || scan.stopped) return scan.fault
  skipSpace(scan)
  return scan.at === text.length ? undefined : fault(scan, 'something follows the end of the document')
}

/** Each `scan…` function returns false when the scan is over, by a fault or because the visitor said so. */
function scanValue(scan: Scan, path: ConfigPath): boolean {
  const first = scan.text[scan.at]
  if (path.length > documentDepthMax)
    return refuse(scan, { code: 'too_deep', message: `deeper than ${documentDepthMax} levels`, at: scan.at })
  if (first === '{') return scanObject(scan, path)
  if (first === '[') return scanList(scan, path)
  if (first === '"') return scanString(scan) !== undefined
  if (first === undefined)
    return refuse(scan, {
      code: 'truncated',
      message: 'the text ends too early',
      hint: 'was the file written whole?',
      at: scan.at,
    })
  return scanWord(scan)
}

function scanObject(scan: Scan, path: ConfigPath): boolean {
  const keys = new Set<string>()
  scan.at++
  skipSpace(scan)
  if (take(scan, '}')) return true
  for (;;) {
    const keyAt = scan.at
    if (scan.text[keyAt] !== '"') return expected(scan, 'a key in double quotes')
    const key = scanString(scan)
    if (key === undefined) return false
    const at = [...path, key]
    if (keys.has(key))
      return refuse(scan, { code: 'duplicate_key', message: 'this key is here twice', path: at, at: keyAt })
    keys.add(key)
    if (scan.visit(at, keyAt)) return stop(scan)
    skipSpace(scan)
    if (!take(scan, ':')) return expected(scan, '`:`')
    skipSpace(scan)
    if (!scanValue(scan, at)) return false
    skipSpace(scan)
    if (take(scan, '}')) return true
    if (!take(scan, ',')) return expected(scan, '`,` or `}`')
    skipSpace(scan)
  }
}

function scanList(scan: Scan, path: ConfigPath): boolean {
  scan.at++
  skipSpace(scan)
  if (take(scan, ']')) return true
  for (let index = 0; ; index++) {
    const at = [...path, index]
    if (scan.visit(at, scan.at)) return stop(scan)
    if (!scanValue(scan, at)) return false
    skipSpace(scan)
    if (take(scan, ']')) return true
    if (!take(scan, ',')) return expected(scan, '`,` or `]`')
    skipSpace(scan)
  }
}

/** The string that begins here, unescaped. */
function scanString(scan: Scan): string | undefined {
  const { text } = scan
  const start = scan.at
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5c) at++
    else if (code === 0x22) {
      scan.at = at + 1
      try {
        return JSON.parse(text.slice(start, at + 1)) as string
      } catch {
        scan.at = start
        fault(scan, 'a string with an escape that JSON does not have')
        return undefined
      }
    } else if (code < 0x20) {
      scan.at = at
      fault(scan, 'a control character or line break inside a string')
      return undefined
    }
  }
  scan.at = start
  refuse(scan, { code: 'truncated', message: 'a string has no end', hint: 'was the file written whole?', at: start })
  return undefined
}

const word = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y

function scanWord(scan: Scan): boolean {
  word.lastIndex = scan.at
  if (!word.test(scan.text)) return expected(scan, 'a value')
  scan.at = word.lastIndex
  return true
}

function skipSpace(scan: Scan): void {
  for (;;) {
    const code = scan.text.charCodeAt(scan.at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
    scan.at++
  }
}

function take(scan: Scan, character: string): boolean {
  if (scan.text[scan.at] !== character) return false
  scan.at++
  return true
}

function expected(scan: Scan, what: string): false {
  if (scan.at >= scan.text.length)
    return refuse(scan, {
      code: 'truncated',
      message: `the text ends where ${what} is expected`,
      hint: 'was the file written whole?',
      at: scan.at,
    })
  fault(scan, `here ${what} is expected`)
  return false
}

function fault(scan: Scan, message: string): TextFault {
  scan.fault = { code: 'syntax', message, at: scan.at }
  return scan.fault
}

function refuse(scan: Scan, found: TextFault): false {
  scan.fault = found
  return false
}

function stop(scan: Scan): false {
  scan.stopped = true
  return false
}
