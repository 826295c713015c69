import type { ClaimPath } from './claim-path.ts'

/** Which `iss` values an issuer entry stands for (S3). */
export type IssuerMatch =
  | { readonly kind: 'any' }
  | { readonly kind: 'exact'; readonly iss: string }
  | {
      readonly kind: 'pattern'
      readonly prefix: string
      readonly suffix: string
      /** Accepted values of the pattern's segment; undefined: any (`anyTenant`). */
      readonly tenants: readonly string[] | undefined
      readonly tenantClaim: ClaimPath
    }
