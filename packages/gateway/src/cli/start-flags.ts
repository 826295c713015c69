import { availableParallelism } from 'node:os'
import { isatty } from 'node:tty'
import { parseArgs } from 'node:util'
import { defaultDataDir } from '../app/data-dir.ts'
import type { StartOptions } from '../app/start-options.ts'

/** A flag of `jotgate start`, as help shows it. Every value is a text until all are good. */
export interface StartFlag {
  readonly name: string
  readonly short?: string
  /** What help calls the value. */
  readonly value: string
  readonly description: string
  readonly choices?: readonly string[]
  readonly default?: string
  /** What help says in place of the default. */
  readonly shownDefault?: string
  readonly repeatable?: true
  /** The rule this text breaks. */
  readonly brokenRule?: (text: string) => string | undefined
}

/** What was given, by the flag's name; one that was not given holds its default, if it has one. */
export type StartTexts = { readonly [name: string]: string | readonly string[] | undefined }

const stdout = 1

/** All flags of `jotgate start`: the one definition, for help, completion and the reader below. */
export const startFlags: readonly StartFlag[] = [
  {
    name: 'config',
    short: 'c',
    value: 'file',
    description: 'configuration file (YAML, or JSON when its name ends in .json)',
  },
  {
    name: 'address',
    value: 'address',
    description: 'address to listen on (default: the configuration, else 127.0.0.1 for the demo)',
  },
  {
    name: 'port',
    value: 'port',
    description: 'port to listen on; 0 takes a free one (default: the configuration, else 8080)',
    brokenRule: portRule,
  },
  {
    name: 'admin-address',
    value: 'address',
    description: 'address of the admin port (default: the configuration, else 127.0.0.1)',
  },
  {
    name: 'admin-port',
    value: 'port',
    description: 'admin port; 0 takes a free one (default: the configuration, else 8081)',
    brokenRule: portRule,
  },
  {
    name: 'workers',
    value: 'n',
    description: 'worker processes',
    default: String(availableParallelism()),
    shownDefault: 'one per core',
    brokenRule: (text) => wholeRule(text, 1, 256, 'workers are a whole number from 1 to 256'),
  },
  { name: 'data', value: 'folder', description: 'data directory', default: defaultDataDir },
  {
    name: 'log',
    value: 'format',
    description: 'format of the log',
    choices: ['pretty', 'json'],
    default: isatty(stdout) ? 'pretty' : 'json',
    shownDefault: 'pretty on a terminal, else json',
  },
  {
    name: 'drain',
    value: 'seconds',
    description: 'how long requests in flight may take to end after SIGTERM',
    default: '30',
    brokenRule: secondsRule,
  },
  {
    name: 'grace',
    value: 'seconds',
    description: 'how long to accept requests after /readyz said no',
    default: '1',
    brokenRule: secondsRule,
  },
  {
    name: 'allow-env',
    value: 'name',
    description: 'a variable ${env:...} may name beside JOTGATE_*',
    repeatable: true,
  },
  {
    name: 'secrets-dir',
    value: 'folder',
    description: "a folder ${file:...} may read beside the configuration file's own",
  },
  {
    name: 'http1',
    value: 'reader',
    description: 'who reads HTTP/1: a strict parser of our own, or that of Node',
    choices: ['own', 'node'],
    default: 'own',
  },
]

/**
 * Reads the flags without any package, for the process that becomes the supervisor. Undefined: help is wanted, or
 * something is wrong, which commander then says.
 */
export function readStartFlags(args: readonly string[]): StartOptions | undefined {
  const texts = parse(args)
  if (texts === undefined) return undefined
  for (const { name, choices, brokenRule } of startFlags) {
    const text = texts[name]
    if (typeof text !== 'string') continue
    if (choices?.includes(text) === false || brokenRule?.(text) !== undefined) return undefined
  }
  return toStartOptions(texts)
}

function parse(args: readonly string[]): StartTexts | undefined {
  const options = Object.fromEntries(
    startFlags.map(({ name, short, repeatable }) => [
      name,
      { type: 'string' as const, multiple: repeatable === true, ...(short === undefined ? {} : { short }) },
    ]),
  )
  const defaults = Object.fromEntries(startFlags.map((flag) => [flag.name, flag.default]))
  try {
    const { values } = parseArgs({ args: [...args], options })
    // Every option takes a text.
    return { ...defaults, ...(values as StartTexts) }
  } catch {
    return undefined
  }
}

/** What `start` takes, of texts that break no rule. */
export function toStartOptions(texts: StartTexts): StartOptions {
  const text = (name: string): string | undefined => {
    const given = texts[name]
    return typeof given === 'string' ? given : undefined
  }
  const whole = (name: string): number | undefined => {
    const given = text(name)
    return given === undefined ? undefined : toWhole(given)
  }
  const names = texts['allow-env']
  return {
    config: text('config'),
    address: text('address'),
    port: whole('port'),
    adminAddress: text('admin-address'),
    adminPort: whole('admin-port'),
    workers: whole('workers') ?? 1,
    dataDir: text('data') ?? defaultDataDir,
    logFormat: text('log') === 'pretty' ? 'pretty' : 'json',
    drainMs: (whole('drain') ?? 0) * 1000,
    graceMs: (whole('grace') ?? 0) * 1000,
    allowEnv: typeof names === 'object' ? names : [],
    secretsDir: text('secrets-dir'),
    http1: text('http1') === 'node' ? 'node' : 'own',
  }
}

function toWhole(text: string): number {
  return Number(text.replace(/s$/, ''))
}

function portRule(text: string): string | undefined {
  return wholeRule(text, 0, 65_535, 'a port is a whole number from 0 to 65535')
}

function secondsRule(text: string): string | undefined {
  return wholeRule(text.replace(/s$/, ''), 0, 86_400, 'seconds are a whole number from 0 to 86400')
}

function wholeRule(text: string, least: number, most: number, rule: string): string | undefined {
  return /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most ? undefined : rule
}
