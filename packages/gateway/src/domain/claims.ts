/** A JSON value as the strict parser yields it: objects have no prototype, so only own members exist. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject

/** A JSON object with a null prototype: `constructor` or `__proto__` are ordinary, absent members. */
export interface JsonObject {
  readonly [member: string]: JsonValue
}

/** The claims of a token (RFC 7519 section 4), frozen. Trusted only inside a `VerifiedToken`. */
export type Claims = JsonObject
