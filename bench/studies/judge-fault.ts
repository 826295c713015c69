/** Whether a run was flagged as it must be: for what it does wrong, or not at all where nothing is wanted. Pure. */
export function judgeFault(
  fault: string | undefined,
  wanted: RegExp | undefined,
): { readonly isRight: boolean; readonly said: string } {
  if (fault === undefined)
    return { isRight: wanted === undefined, said: wanted ? 'NOT FLAGGED' : 'not flagged, and honest' }
  if (wanted === undefined) return { isRight: false, said: `flagged, though honest: ${fault}` }
  const isRight = wanted.test(fault)
  return { isRight, said: `${isRight ? 'flagged' : 'FLAGGED FOR SOMETHING ELSE'}: ${fault}` }
}
