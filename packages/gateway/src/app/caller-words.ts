import type { IdentifyPlan } from '../compile/plan.ts'

const whom: Readonly<Record<IdentifyPlan['lookup'], string>> = {
  strict: 'subscribed applications',
  open: 'registered applications',
  relax: 'applications, and whoever has a good token',
}

/** Which applications an API lets in, known by what; none where nobody asks. */
export function callerWords(identify: IdentifyPlan | undefined): readonly string[] {
  if (identify === undefined) return []
  const { byClaims, byOwnTokens, apiKey, connector, lookup, allowAnonymous } = identify
  const byToken = [...(byClaims ? ['claims of the token'] : []), ...(byOwnTokens ? ['tokens of their own'] : [])]
  const ways = [...(byToken.length === 0 ? [] : [byToken.join(' or ')]), ...(apiKey === undefined ? [] : ['API key'])]
  return [
    `${whom[lookup]}, by ${ways.join(` ${connector} `)}`,
    ...(allowAnonymous ? ['callers without any credential'] : []),
  ]
}
