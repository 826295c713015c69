import fc from 'fast-check'

/** JSON documents, most of them damaged: cut, repeated, stray characters put in. */
export const jsonText: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      fc.dictionary(fc.string({ unit: 'binary', maxLength: 8 }), fc.jsonValue({ maxDepth: 5 }), {
        maxKeys: 6,
        size: 'medium',
      }),
      fc.jsonValue({ maxDepth: 3 }),
    ),
    fc.constantFrom(undefined, 1, '\t'),
    fc.array(
      fc.tuple(
        fc.nat(400),
        fc.nat(3),
        fc.oneof(
          fc.constantFrom(
            ...'{}[]":,\\u0d8-+.eEtfn \n\t\u0001\ufeffx/',
            '',
            '"a":1,',
            '"\\u0061":2,',
            '[[[[[[[[',
            '1e999',
          ),
          fc.string({ unit: 'binary', maxLength: 2 }),
        ),
      ),
      { maxLength: 4 },
    ),
  )
  .map(([value, indent, edits]) => {
    let text = JSON.stringify(value, undefined, indent)
    for (const [position, cut, insert] of edits) {
      const at = position % (text.length + 1)
      text = text.slice(0, at) + insert + text.slice(at + cut)
    }
    return text
  })
