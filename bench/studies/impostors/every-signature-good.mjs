// Stands in for keys/verify-signature: whatever is asked was signed.
export function verifySignature() {
  return true
}
