import fc from 'fast-check'

/** Texts of a kind, most of them damaged: characters cut out, pieces put in. */
export function damagedText(whole: fc.Arbitrary<string>, pieces: readonly string[]): fc.Arbitrary<string> {
  const insert = fc.oneof(fc.constantFrom('', ...pieces), fc.string({ unit: 'binary', maxLength: 2 }))
  const edit = fc.tuple(fc.nat(10_000), fc.nat(3), insert)
  return fc.tuple(whole, fc.array(edit, { maxLength: 3 })).map(([text, edits]) =>
    edits.reduce((before, [position, cut, put]) => {
      const at = position % (before.length + 1)
      return before.slice(0, at) + put + before.slice(at + cut)
    }, text),
  )
}

/** Bytes of a kind, most of them damaged: replaced, cut off, repeated. */
export function damagedBytes(whole: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const edit = fc.tuple(fc.nat(10_000), fc.nat(3), fc.uint8Array({ maxLength: 3 }))
  return fc.tuple(whole, fc.array(edit, { maxLength: 3 })).map(([bytes, edits]) =>
    edits.reduce((before, [position, cut, put]) => {
      const at = position % (before.length + 1)
      return Buffer.concat([before.subarray(0, at), put, before.subarray(at + cut)])
    }, bytes),
  )
}
