import { identifyOf } from '../../compile/identify-of.ts'
import type { CompiledApi } from '../../compile/snapshot.ts'
import { apiKeyForm } from '../../domain/api-key-form.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { headerValues } from '../head/header-values.ts'
import { decodeQueryValue, findQueryParameter } from '../head/query-parameter.ts'
import type { RequestHead } from '../head/request-head.ts'

/** An API key as the caller sent it. */
export interface ShownApiKey {
  readonly text: string
  /** Of our own form, too long to be guessed. */
  readonly isOwn: boolean
}

const charactersMax = 512
const noKey: Result<undefined, Reject> = ok(undefined)

/**
 * Step 3, for APIs that know callers by API key: the one key of the request, undefined where there is none. Refused: two of
 * them; one that no key could be, or one of ours that was damaged on its way.
 */
export function extractApiKey(head: RequestHead, api: CompiledApi): Result<ShownApiKey | undefined, Reject> {
  const plan = identifyOf(api.plan)
  const place = plan?.apiKey
  if (plan === undefined || place === undefined) return noKey
  const { rule } = plan
  const found =
    place.kind === 'header' ? headerValues(head.rawHeaders, place.name) : findQueryParameter(head.query, place.name)
  if (found.length > 1) return err({ reason: 'api_key_ambiguous', place: `${place.kind} ${place.name}`, rule })
  const [given] = found
  if (given === undefined) return noKey
  const text = place.kind === 'query' ? decodeQueryValue(given) : given
  const formed = text !== undefined && text.length <= charactersMax && /^[\x21-\x7e]+$/.test(text)
  if (!formed) return err({ reason: 'api_key_invalid', fault: 'malformed', rule })
  const form = apiKeyForm(text)
  return form === 'damaged'
    ? err({ reason: 'api_key_invalid', fault: 'damaged', rule })
    : ok({ text, isOwn: form === 'own' })
}
