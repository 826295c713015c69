import type { sharesBetween } from './processes.ts'

const stealShareMax = 0.02

/** What the host takes of a core it takes from whoever is measured. Pure. */
export function stealFault(...cores: readonly Pick<ReturnType<typeof sharesBetween>, 'steal'>[]): string | undefined {
  const isStolen = cores.some(({ steal }) => steal > stealShareMax)
  return isStolen ? 'the host took more than 2 % of a core' : undefined
}
