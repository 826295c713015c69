/**
 * Counts what a synchronous function does with texts, lists and bytes, in characters and entries looked at. Unlike a
 * clock it says the same on every machine, and unlike a counted input it sees the work inside of JavaScript's own
 * functions: an `indexOf` that runs to the end of the text is as many steps as characters it passed.
 */
export function countSteps(run: () => void): number {
  let steps = 0
  let counting = true
  const restore = counted.map(([target, name, cost]) => {
    const original = target[name] as (...given: unknown[]) => unknown
    target[name] = function (this: { length: number }, ...given: unknown[]): unknown {
      const result = Reflect.apply(original, this, given)
      if (counting) {
        counting = false
        steps += 1 + cost(this, given, result)
        counting = true
      }
      return result
    }
    return () => {
      target[name] = original
    }
  })
  try {
    run()
  } finally {
    for (const undo of restore) undo()
  }
  return steps
}

type Sized = { readonly length: number }
type Cost = (on: Sized, given: readonly unknown[], result: unknown) => number
type Methods = { [name: string | symbol]: unknown }

const lengthOf = (value: unknown): number => (value as Partial<Sized> | null | undefined)?.length ?? 0
const nothing: Cost = () => 0
const whole: Cost = (on) => on.length
const given: Cost = (_on, [first]) => lengthOf(first)
const made: Cost = (_on, _given, result) => lengthOf(result)
const forward: Cost = (on, [, from], found) => (Number(found) < 0 ? on.length : Number(found)) - Number(from ?? 0)
const backward: Cost = (on, [, from], found) => Math.min(Number(from ?? on.length), on.length) - Number(found)
const position: Cost = (on, _given, found) => (Number(found) < 0 ? on.length : Number(found))

function methods(target: object, cost: Cost, ...names: readonly (string | symbol)[]): readonly Counted[] {
  // A prototype's members are its methods; what they are is of no interest here.
  return names.map((name) => [target as Methods, name, cost])
}

type Counted = readonly [target: Methods, name: string | symbol, cost: Cost]

const text = String.prototype
const list = Array.prototype
const counted: readonly Counted[] = [
  ...methods(text, nothing, 'charCodeAt', 'codePointAt', 'charAt', 'at'),
  ...methods(text, forward, 'indexOf'),
  ...methods(text, backward, 'lastIndexOf'),
  ...methods(text, given, 'startsWith', 'endsWith'),
  ...methods(text, made, 'slice', 'substring', 'padStart', 'repeat'),
  ...methods(
    text,
    whole,
    'includes',
    'split',
    'trim',
    'toLowerCase',
    'toUpperCase',
    'replace',
    'replaceAll',
    Symbol.iterator,
  ),
  ...methods(list, position, 'indexOf', 'findIndex'),
  ...methods(list, whole, 'includes', 'find', 'some', 'every', 'map', 'filter', 'flatMap', 'flat', 'join', 'forEach'),
  ...methods(list, whole, 'reduce', 'sort', 'reverse', 'entries', Symbol.iterator),
  ...methods(list, given, 'push'),
  ...methods(list, made, 'slice', 'concat'),
  ...methods(Object, made, 'keys', 'values', 'entries'),
  ...methods(Object, nothing, 'hasOwn', 'freeze', 'setPrototypeOf'),
  ...methods(Buffer, made, 'from'),
  ...methods(Buffer.prototype, whole, 'toString', 'write'),
  ...methods(TextDecoder.prototype, made, 'decode'),
  ...methods(JSON, given, 'parse', 'stringify'),
  ...methods(RegExp.prototype, given, 'test', 'exec'),
]

/** Steps at n and at 2n, and what the second are to the first: 2 for work in proportion, 4 for a square. */
export function growthOf(
  make: (n: number) => () => void,
  n: number,
): { readonly steps: number; readonly factor: number } {
  const [once, twice] = [make(n), make(2 * n)]
  const steps = countSteps(once)
  return { steps, factor: countSteps(twice) / steps }
}
