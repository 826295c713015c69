import type { ApiConfig } from '@jotgate/contract'
import { pathForm } from '../domain/path-form.ts'

/** Bits of the path forms an API opts into. */
export function pathFormsOf({ listen }: ApiConfig): number {
  return listen.allow.reduce((bits, form) => bits | pathForm[form], 0)
}
