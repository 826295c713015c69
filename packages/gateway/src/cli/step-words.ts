import type { StepName } from '../domain/steps.ts'

/** What each step of docs/lifecycle.md checks, in a few words. */
export const stepWords: { readonly [S in StepName]: string } = {
  readRequest: 'path, headers and length can be read without doubt',
  matchApi: 'an API listens here and takes this method',
  answerPreflight: 'a question of a browser, answered here',
  extractToken: 'one token, in one place',
  parseToken: 'a well-formed token with an accepted algorithm and kind',
  selectTrust: 'the issuer is trusted here',
  findKey: 'a key of the issuer fits',
  verifySignature: 'the signature, or the provider, confirms the token',
  checkClaims: 'times, audience and claims',
  bindHead: 'no proof of possession is missing',
  identify: 'the application is known, where one is asked for',
  resolvePolicy: 'the caller has policies, where any are asked for',
  authorize: 'policies and scopes',
  limitBody: 'the body is not too large',
  shapeUpstream: 'claims can be sent as headers',
  forward: 'the upstream answered',
  shapeReply: 'the answer is passed on',
  record: 'the decision is recorded',
}
