import { type BenchCase, cases } from './cases.ts'

/** A case of the table by its name. */
export function caseNamed(name: string): BenchCase {
  const found = cases.find((one) => one.name === name)
  if (found === undefined) throw new Error(`there is no case ${name}`)
  return found
}
