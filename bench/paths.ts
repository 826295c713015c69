import { type BenchCase, benchPath } from './cases.ts'

/** Where the upstream has a file of so many bytes. */
export function downloadPath(bytes: number): string {
  return `/api/bodies/${bytes}`
}

/** What the requests of a case ask for. */
export function pathOf({ body }: BenchCase): string {
  return body.downBytes > 0 ? downloadPath(body.downBytes) : benchPath
}
