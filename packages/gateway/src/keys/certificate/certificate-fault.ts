/** Why a certificate or its private key is not shown to callers, or what its operator should know. */
export type CertificateFaultCode =
  | 'private_key_in_certificate'
  | 'certificate_in_private_key'
  | 'public_key_in_private_key'
  | 'encrypted_private_key'
  | 'malformed_chain'
  | 'malformed_private_key'
  | 'key_mismatch'
  | 'leaf_not_first'
  | 'tls_certificate_expired'
  | 'tls_certificate_not_yet_valid'
  | 'certificate_expires_soon'
  | 'issuer_expired'
  | 'chain_order'
  | 'weak_signature'
  | 'weak_certificate_key'
  | 'certificate_without_names'
  | 'certificate_unusable'
  | 'not_an_authority'

/** Plain words for the operator. Never holds a byte of a key. */
export interface CertificateFault {
  readonly code: CertificateFaultCode
  readonly message: string
  readonly hint: string
}

const faults: { readonly [C in CertificateFaultCode]: readonly [message: string, hint: string] } = {
  private_key_in_certificate: [
    'a private key stands where a certificate belongs',
    'keep them in two files, and the key under `privateKey`',
  ],
  certificate_in_private_key: [
    'a certificate stands where a private key belongs',
    'keep them in two files, and the certificate under `certificate`',
  ],
  public_key_in_private_key: ['a public key stands where a private key belongs', 'name the file with the private key'],
  encrypted_private_key: [
    'the private key is encrypted with a passphrase',
    'decrypt it into a file only the gateway can read: `openssl pkey -in … -out …`',
  ],
  malformed_chain: ['no certificate chain that can be read', 'give PEM, whole, with its BEGIN and END lines'],
  malformed_private_key: ['no private key that can be read', 'give PEM (PKCS#8, RSA or EC), whole'],
  key_mismatch: [
    'the private key is not that of the certificate',
    'the two files must be of one pair; while they are replaced one after the other the old pair stays',
  ],
  leaf_not_first: [
    'the private key belongs to another certificate of the chain than the first',
    'put the own certificate first, then those that issued it',
  ],
  tls_certificate_expired: ['the certificate has expired', 'renew it'],
  tls_certificate_not_yet_valid: ['the certificate is not valid yet', "wait, or look at this machine's clock"],
  certificate_expires_soon: ['the certificate expires soon', 'renew it; the new files are taken up by themselves'],
  issuer_expired: ['a certificate further up the chain is outside its validity', 'fetch the chain anew'],
  chain_order: [
    'a certificate of the chain was not issued by the next one',
    'own certificate first, then each issuer in turn; leave out what does not belong',
  ],
  weak_signature: ['signed with SHA-1 or MD5, which nobody may trust', 'have it issued anew with SHA-256'],
  weak_certificate_key: ['the key is too weak', 'use P-256, P-384, P-521, Ed25519, or RSA with at least 2048 bits'],
  certificate_without_names: [
    'the certificate names no DNS name (subject alternative name)',
    'no caller that checks names will take it; it is shown only as the first one',
  ],
  certificate_unusable: ['OpenSSL does not take this certificate and key', 'have them issued anew'],
  not_an_authority: ['a certificate that may issue no others', 'name the certificate of the issuer, not one it issued'],
}

/** The fault a code stands for; `detail` says what was seen, never key material. */
export function certificateFault(code: CertificateFaultCode, detail?: string): CertificateFault {
  const [message, hint] = faults[code]
  return { code, message: detail === undefined ? message : `${message}: ${detail}`, hint }
}
