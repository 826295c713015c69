import { keyFamily } from '../../compile/compile-listeners.ts'
import type { CertificatePlan } from '../../compile/plan.ts'
import { type ServerNames, serverNames } from '../../domain/server-names.ts'

/** What a listener shows: certificates that go together, and the names they answer to. */
export interface TlsChoices {
  /** Positions in the plan's certificates, at most one of each key family; the first choice is everybody else's. */
  readonly choices: readonly (readonly number[])[]
  readonly names: ServerNames
}

/**
 * Puts certificates together by name: of each key family the first that is for the name, so that a caller gets the one
 * it can verify. The first certificate's choice comes first.
 */
export function chooseCertificates(certificates: readonly CertificatePlan[]): TlsChoices {
  const byName = new Map<string, Map<string, number>>()
  for (const [index, certificate] of certificates.entries()) {
    for (const name of certificate.names) {
      const families = byName.get(name) ?? new Map<string, number>()
      byName.set(name, families)
      const family = keyFamily(certificate)
      if (!families.has(family)) families.set(family, index)
    }
  }
  const choices = new Map<string, { readonly certificates: readonly number[]; readonly names: string[] }>()
  const choiceOf = (list: readonly number[]): { readonly names: string[] } => {
    const key = list.join()
    const choice = choices.get(key) ?? { certificates: list, names: [] }
    choices.set(key, choice)
    return choice
  }
  // A first certificate without names is still what callers get who ask for none.
  if (certificates[0]?.names.length === 0) choiceOf([0])
  for (const [name, families] of byName) choiceOf([...families.values()].sort(ascending)).names.push(name)
  const list = [...choices.values()]
  return { choices: list.map((choice) => choice.certificates), names: serverNames(list.map(({ names }) => names)) }
}

function ascending(one: number, other: number): number {
  return one - other
}
