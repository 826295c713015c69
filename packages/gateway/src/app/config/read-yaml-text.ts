import { type ConfigPath, documentDepthMax, parseConfigPath } from '@jotgate/contract'
import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  Parser,
  type YAMLError,
} from 'yaml'
import { err, ok, type Result } from '../../domain/result.ts'
import { type ConfigSource, type Position, positionsOf, type TextFault } from './config-source.ts'

const aliasesMax = 100
/** Far above 10,000 of anything; bounds what aliases of aliases may unfold to. */
const nodesMax = 2_000_000
/** More problems than anybody reads at once. */
const faultsMax = 20

/**
 * Reads YAML 1.2 (core schema) as a document: no tags, no merge keys, no duplicate keys, keys are text, at most
 * 100 aliases. Time and memory are bounded by the size of the text.
 */
export function readYamlText(text: string): Result<ConfigSource, readonly TextFault[]> {
  const composed = compose(text)
  if (!composed.ok) return composed
  const document = composed.value
  const reading: Reading = {
    faults: [],
    anchors: new Map(),
    targets: new Map(),
    aliases: 0,
    nodes: 0,
    unfolding: 0,
    bound: false,
  }
  const value = plain(reading, document.contents, [])
  if (reading.faults.length > 0) return err(reading.faults)
  const position = positionsOf(text)
  return ok({
    document: value,
    locate: (path) => locate(document.contents, reading.targets, parseConfigPath(path), position),
  })
}

function compose(text: string): Result<Document.Parsed, readonly TextFault[]> {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    // The library compares each key with every other; a set does it below, in linear time.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  })
  const nesting: { tooDeepAt: number | undefined } = { tooDeepAt: undefined }
  const [document, second] = composer.compose(shallowTokens(text, nesting), true, text.length)
  if (nesting.tooDeepAt !== undefined) {
    return err([{ code: 'too_deep', message: `deeper than ${documentDepthMax} levels`, at: nesting.tooDeepAt }])
  }
  if (document === undefined) return err([{ code: 'empty', message: 'the file is empty', at: 0 }])
  if (document.errors.length > 0)
    return err(document.errors.slice(0, faultsMax).map((error) => syntaxFault(error, text)))
  if (second === undefined) return ok(document)
  return err([{ code: 'several_documents', message: 'a second document; a configuration is one', at: second.range[0] }])
}

/**
 * The parser keeps its own stack, but what composes its tokens recurses: near the end of Node's stack even a regular
 * expression ends the process. So the tokens stop, and `tooDeepAt` is set, before anything deep is handed on.
 */
function* shallowTokens(text: string, nesting: { tooDeepAt: number | undefined }): Generator<CST.Token, void> {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme)
    // Beside the collections the stack holds the document and a scalar.
    if (parser.stack.length <= documentDepthMax + 2) continue
    nesting.tooDeepAt = parser.offset
    return
  }
  yield* parser.end()
}

/** What the library's error codes mean. Its own messages quote the text, which may be a secret. */
const faultWords: Readonly<Record<string, string>> = {
  BAD_DQ_ESCAPE: 'an escape that double-quoted text does not have',
  BAD_INDENT: 'the indentation does not fit what stands above',
  BAD_SCALAR_START: 'plain text cannot begin with this character',
  BLOCK_AS_IMPLICIT_KEY: 'a key and a value in a place where only one of them fits',
  BLOCK_IN_FLOW: 'an indented block inside brackets',
  MISSING_CHAR: 'a closing bracket, quote, comma or space is missing',
  MULTILINE_IMPLICIT_KEY: 'a key goes over several lines; is a `:` missing?',
  TAB_AS_INDENT: 'a tab in the indentation; use spaces',
  UNEXPECTED_TOKEN: 'something that does not belong here',
}

function syntaxFault(error: YAMLError, text: string): TextFault {
  const at = Math.min(error.pos[0], text.length)
  const message = faultWords[error.code] ?? 'not YAML'
  return at >= text.trimEnd().length
    ? { code: 'truncated', message: `the text ends too early: ${message}`, hint: 'was the file written whole?', at }
    : { code: 'syntax', message, at }
}

interface Reading {
  readonly faults: TextFault[]
  /** The last node of each anchor so far, in document order. */
  readonly anchors: Map<string, Node>
  readonly targets: Map<Alias, Node>
  aliases: number
  nodes: number
  /** Aliases being unfolded: anchors met again inside them are not new. */
  unfolding: number
  /** A bound was reached: nothing more is read. */
  bound: boolean
}

function plain(reading: Reading, node: Node | null, path: ConfigPath): unknown {
  if (node === null || stop(reading, node, path)) return null
  if (node.tag !== undefined) return refuse(reading, node, 'tag_not_allowed', 'tags (`!…`) are not read', path)
  if (isAlias(node)) return unfold(reading, node, path)
  if (node.anchor !== undefined && reading.unfolding === 0) reading.anchors.set(node.anchor, node)
  if (isMap<Node, Node | null>(node)) return plainMap(reading, node.items, path)
  if (isSeq<Node | null>(node)) return node.items.map((item, index) => plain(reading, item, [...path, index]))
  return isScalar(node) ? node.value : null
}

function unfold(reading: Reading, alias: Alias, path: ConfigPath): unknown {
  const target = reading.targets.get(alias) ?? reading.anchors.get(alias.source)
  if (target === undefined)
    return refuse(reading, alias, 'alias_unknown', 'an alias that names no anchor before it', path)
  reading.targets.set(alias, target)
  reading.aliases++
  reading.unfolding++
  const value = plain(reading, target, path)
  reading.unfolding--
  return value
}

function plainMap(
  reading: Reading,
  items: readonly { readonly key: Node; readonly value: Node | null }[],
  path: ConfigPath,
): unknown {
  const keys = new Set<string>()
  const entries: (readonly [string, unknown])[] = []
  for (const { key, value } of items) {
    if (!isScalar(key) || typeof key.value !== 'string') {
      refuse(reading, key, 'key_not_text', 'a key must be text', path, 'put it in quotes')
      continue
    }
    const at = [...path, key.value]
    if (key.tag !== undefined) refuse(reading, key, 'tag_not_allowed', 'tags (`!…`) are not read', at)
    if (keys.has(key.value)) refuse(reading, key, 'duplicate_key', 'this key is here twice', at)
    keys.add(key.value)
    entries.push([key.value, plain(reading, value, at)])
  }
  return Object.fromEntries(entries)
}

/** True when the walk must not go on: a bound is reached, and that is already said. */
function stop(reading: Reading, node: Node, path: ConfigPath): boolean {
  if (reading.bound || reading.faults.length >= faultsMax) return true
  if (++reading.nodes > nodesMax)
    refuse(reading, node, 'too_large', `more than ${nodesMax} parts, aliases unfolded`, path)
  else if (reading.aliases > aliasesMax)
    refuse(reading, node, 'too_many_aliases', `more than ${aliasesMax} aliases`, path)
  else if (path.length > documentDepthMax)
    refuse(reading, node, 'too_deep', `deeper than ${documentDepthMax} levels`, path)
  else return false
  reading.bound = true
  return true
}

function refuse(reading: Reading, node: Node, code: string, message: string, path: ConfigPath, hint?: string): null {
  const at = node.range?.[0] ?? 0
  reading.faults.push(hint === undefined ? { code, message, path, at } : { code, message, hint, path, at })
  return null
}

function locate(
  root: Node | null,
  targets: ReadonlyMap<Alias, Node>,
  path: ConfigPath,
  position: (offset: number) => Position,
): Position | undefined {
  let node: Node | null = root
  let offset: number | undefined = node?.range?.[0]
  for (const part of path) {
    if (isAlias(node)) node = targets.get(node) ?? null
    let next: Node | null | undefined
    if (isMap<Node, Node | null>(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === part)
      if (pair === undefined) break
      offset = pair.key.range?.[0] ?? offset
      next = pair.value
    } else if (isSeq<Node | null>(node) && typeof part === 'number' && part < node.items.length) {
      next = node.items[part]
      offset = next?.range?.[0] ?? offset
    } else break
    node = next ?? null
  }
  return offset === undefined ? undefined : position(offset)
}
