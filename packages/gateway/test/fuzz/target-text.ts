import fc from 'fast-check'

const piece = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      '/',
      '/',
      'a',
      'B',
      '.',
      '..',
      '%',
      '%2',
      '%2e',
      '%2E',
      '%2f',
      '%2F',
      '%5c',
      '%5C',
      '\\',
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom('%00', '%0a', '%7f', '%7F', '%41', '%61', '%7e', '%40', '%c3%a9', '%25', '%252e'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(';', '%3b', '%3B', '?', '#', '//', '/./', '/../', '@', ' ', '\0', '\x7f', 'é', 'Ā'),
  },
  { weight: 2, arbitrary: fc.string({ maxLength: 4 }) },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0')}`),
  },
)

/** Request targets made of what path parsers disagree about. */
export const targetText: fc.Arbitrary<string> = fc
  .array(piece, { maxLength: 14 })
  .map((pieces) => `/${pieces.join('')}`)
