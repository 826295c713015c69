import { tokenPool } from '../tokens.ts'
import { startHaproxy } from './haproxy.ts'
import { startJotgate } from './jotgate.ts'
import { startNginxSide } from './nginx.ts'
import type { RunningSide, SideOptions } from './side.ts'
import type { SidePlan } from './side-plans.ts'

/** Where and on what a side is started. */
export interface SideContext {
  /** The node Jotgate runs on. */
  readonly node: string
  readonly folder: string
  readonly gatewayCpu: number
}

type Start = (options: SideOptions, node: string) => Promise<RunningSide>

const startProduct: { readonly [product in SidePlan['product']]: Start } = {
  haproxy: startHaproxy,
  jotgate: (options, node) => startJotgate({ ...options, node }),
  nginx: startNginxSide,
}

/** Starts one of the gateways of a case before its upstream. */
export async function startSide(
  { node, folder, gatewayCpu: cpu }: SideContext,
  { name, product, benchCase }: SidePlan,
  upstreamPort: number,
): Promise<RunningSide> {
  const { keyFile, keyFiles } = tokenPool(benchCase.kind)
  return { ...(await startProduct[product]({ benchCase, cpu, upstreamPort, keyFile, keyFiles, folder }, node)), name }
}
