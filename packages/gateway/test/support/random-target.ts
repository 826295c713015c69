import type { SeededRandom } from './seeded-random.ts'

const prefixes = [
  ...['/strict/', '/strict/', '/strict/', '/strict/', '/strict/', '/loose/', '/loose/', '/loose/', '/loose/'],
  ...['/%73trict/', '/loos%65/', '/strict', '/Strict/'],
]
const words = [
  'admin',
  'admin',
  'Admin',
  '%61dmin',
  'adm%69n',
  '%41dmin',
  'a',
  'open',
  'x.y',
  '.x',
  '..x',
  'x..',
  '...',
  '-',
  '~',
]
/** What path parsers are known to read in different ways. */
const traps = [
  ...['.', '..', '%2e', '%2E', '.%2e', '%2e%2e', '%252e%252e', '%25', '%2', '%', '%zz', '%u002e', '%c0%ae', '%c0%af'],
  ...['%2f', '%2F', '%5c', '%5C', '\\', ';', ';x=1', '%3b', '%3B', '..;', '//', '/./', '/../', '%00', '%0a', '%0d%0a'],
  ...['%20', '+', '%09', '%7f', '%7F', '%c3%a9', '%C3%A9', '%ff', '%e2%80%ae', '%ef%bc%8f', '#', '#/../', '%23', '%3f'],
  ...[
    '?',
    '?/../',
    '?a=%2f..',
    '@',
    ':',
    '&',
    '=',
    ',',
    '!',
    '$',
    "'",
    '(',
    '*',
    '[',
    ']',
    '{',
    '|',
    '}',
    '^',
    '`',
    '"',
    '<',
    '>',
  ],
  ...[
    'http://evil',
    '%68ttp:',
    '::',
    '~',
    '_',
    '%7E',
    '%2D',
    '%5F',
    '%2b',
    '%26',
    '%3d',
    '%40',
    '%3a',
    '%22',
    '%3C',
    '%7B',
  ],
]
const unreadable = [' ', '\0', '\t', '\x01', '\x7f', '\xe9', '\xff', '\x0b']

/** A request target made of words, of what parsers disagree about, and rarely of bytes no target may hold. */
export function randomTarget(random: SeededRandom): string {
  let target = random.chance(0.03) ? '/' : random.pick(prefixes)
  for (let left = 1 + random.below(6); left > 0; left--) {
    target += random.chance(0.5)
      ? random.pick(words)
      : random.chance(0.004)
        ? `${random.pick(unreadable)}x`
        : trap(random)
    if (random.chance(0.5)) target += '/'
  }
  return target
}

function trap(random: SeededRandom): string {
  // Without these most paths are refused before they show anything.
  if (random.chance(0.6))
    return random.pick(['%41', '%7E', '%c3%a9', '%20', '+', '@', ':', '%25', '!', '(', '%26', '%40', "'"])
  if (random.chance(0.2)) return `%${random.below(256).toString(16).padStart(2, '0')}`
  return random.pick(traps)
}
