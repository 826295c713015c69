/** RFC 7638 thumbprints of keys whose private half is published. Thumbprints only, so that no key stands here. */
const sampleThumbprints: ReadonlySet<string> = new Set([
  'zFHVsM9dc4OlHIwvEnVqfKzRj1ujqYGsZnXAcgn_CqI', // jwt.io RS256, until 2021
  'oGDmHqCJ7yzMkWEkrlZVHkvrHIyQwtlDmeq5ForUHeY', // jwt.io RS256 and PS256, since
  '19J8y7Zprt2-QKLjF2I5pVk0OELX6cY2AfaAv1LC_w8', // jwt.io ES256
  'iTqXXI0zbAnJCKDaobfhkM1f-6rMSpTfyZMRp_2tKI8', // jwt.io ES384
  'xZDfZpry4P9vZPZyG2fNBRj-7Lz5omVdm7tHoCgSNfY', // jwt.io ES512
  'y_x3gCJnL6oKGBBIXScabduwxTVy2Wd2bzRVEUbdUzc', // RFC 7515 A.1 and RFC 7517 A.3, HMAC
  'IsUn6_e04MaShXFIISMp4kG62LWzMIPy_MvSA5pJgX8', // RFC 7515 A.2, RSA
  'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U', // RFC 7515 A.3, P-256
  'u5YUSjQ2-2chBi51NSk3t3g7IM4o2KYcnPqPtCNGd3U', // RFC 7515 A.4, P-521
  'cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s', // RFC 7517 A.1, P-256
  'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs', // RFC 7517 A.1 and RFC 7638 3.1, RSA
  'dHri3SADZkrush5HU_50AoRhcKFryN-PI6jPBtPL55M', // RFC 7520 3.1, P-521
  '9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI', // RFC 7520 3.3, RSA
  'RtoRur_1Dir5M4wuOfqNkDYOf9O_4RJ-aHkTA75RLA8', // RFC 7520 3.5, HMAC
  'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k', // RFC 8037 A.1, Ed25519
  '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I', // RFC 9449 4.1, P-256
  'DHFbpoIUqrY8t2zpA2qXfCmr5VO5ZEr4RzHU_-envvQ', // Istio's demo JWKS
])

/** Secrets that stand in manuals, samples and default files; compared in lower case. */
const sampleSecrets: ReadonlySet<string> = new Set([
  'secret',
  'mysecret',
  'my-secret',
  'my_secret',
  'my_secret_key',
  'secretkey',
  'secret-key',
  'secret_key',
  'supersecret',
  'super-secret',
  'super_secret',
  'topsecret',
  'shared-secret',
  'jwt-secret',
  'jwt_secret',
  'jwtsecret',
  'your-secret',
  'your_secret',
  'your-secret-key',
  'your-jwt-secret',
  'your_jwt_secret',
  'your-256-bit-secret',
  'your-384-bit-secret',
  'your-512-bit-secret',
  'a-string-secret-at-least-256-bits-long',
  'a-string-secret-at-least-384-bits-long-for-hs384',
  'a-string-secret-at-least-512-bits-long-which-is-very-long',
  'a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long',
  'super-secret-jwt-token-with-at-least-32-characters-long',
  'keyboard cat',
  'shhhhh',
  'shhhhhared-secret',
  'changeme',
  'change-me',
  'changeit',
  'change_this_secret',
  'password',
  'passw0rd',
  'admin',
  'test',
  'example',
  'default',
  'tyk123',
])

/** Whether a key with this thumbprint is published together with its private half. */
export function isSampleKey(thumbprint: string): boolean {
  return sampleThumbprints.has(thumbprint)
}

/** Whether the secret, as written or as decoded, is one of those everybody knows. */
export function isSampleSecret(text: string): boolean {
  return sampleSecrets.has(text.trim().toLowerCase())
}
