import type { BenchCase } from '../cases.ts'
import { startBodySink } from './body-sink.ts'
import { startUpstream } from './nginx.ts'
import type { Upstream } from './upstream.ts'

/** The upstream of a case, on the load generator's core: nginx where it does. */
export function upstreamFor({ body }: BenchCase, folder: string, cpu: number): Promise<Upstream> {
  return body.upBytes > 0 ? startBodySink(cpu) : startUpstream(folder, cpu)
}
