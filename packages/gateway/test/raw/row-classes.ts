import { chunkForms } from './chunk-forms.ts'
import { codingDisguises } from './coding-disguises.ts'
import { fieldBytes } from './field-bytes.ts'
import { framings } from './framings.ts'
import { headerForms } from './header-forms.ts'
import { hostForms } from './host-forms.ts'
import { lengthDisguises } from './length-disguises.ts'
import { requestLineBytes } from './request-line-bytes.ts'
import { requestLines } from './request-lines.ts'
import type { Row } from './row.ts'
import { sequences, versions } from './sequences.ts'
import { targets } from './targets.ts'

/** Rows of one kind, and the clauses they are built from. */
export interface RowClass {
  readonly name: string
  readonly clause: string
  readonly rows: readonly Row[]
}

/** Everything a caller's bytes are tried with. */
export const rowClasses: readonly RowClass[] = [
  { name: 'request lines', clause: 'RFC 9112 3', rows: requestLines },
  { name: 'targets', clause: 'RFC 9112 3.2', rows: targets },
  { name: 'headers', clause: 'RFC 9112 5', rows: headerForms },
  { name: 'framings', clause: 'RFC 9112 6', rows: framings },
  { name: 'several requests on one connection', clause: 'RFC 9112 9.3.2', rows: sequences },
  { name: 'versions and methods', clause: 'RFC 9110 2.5, 9.3', rows: versions },
  { name: 'lengths in disguise', clause: 'RFC 9110 8.6, RFC 9112 6.2', rows: lengthDisguises },
  { name: 'codings in disguise', clause: 'RFC 9112 6.1, 6.3', rows: codingDisguises },
  { name: 'chunked bodies', clause: 'RFC 9112 7.1', rows: chunkForms },
  { name: 'request lines byte by byte', clause: 'RFC 9112 3, RFC 9110 9.1', rows: requestLineBytes },
  { name: 'hosts', clause: 'RFC 9110 7.2, RFC 9112 3.2', rows: hostForms },
  { name: 'names, values and line ends', clause: 'RFC 9110 5, RFC 9112 2.2, 5', rows: fieldBytes },
]
