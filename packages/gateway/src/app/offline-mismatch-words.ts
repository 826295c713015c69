import type { ClaimMismatch } from '../compile/closest-applications.ts'
import type { JsonValue } from '../domain/claims.ts'
import { escapeForTerminal } from '../telemetry/escape-text.ts'

/** Longest value of a claim that is shown, in characters. */
const shownMax = 64

/** Why a claim does not match: `azp is "billing", not "shop"`, `tenant is missing`, `level is text, not a number`. */
export function mismatchWords({ claim, wanted, seen }: ClaimMismatch): string {
  const name = escapeForTerminal(claim)
  if (seen === undefined) return `${name} is missing`
  if (typeof seen !== typeof wanted) return `${name} is ${kindOf(seen)}, not ${kindOf(wanted)}`
  return `${name} is ${show(seen)}, not ${show(wanted)}`
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return { string: 'text', number: 'a number', boolean: 'a boolean' }[String(typeof value)] ?? 'an object'
}

function show(value: JsonValue): string {
  if (typeof value !== 'string') return String(value)
  const characters = [...escapeForTerminal(JSON.stringify(value).slice(1, -1))]
  const cut = characters.length > shownMax ? [...characters.slice(0, shownMax - 1), '…'] : characters
  return `"${cut.join('')}"`
}
