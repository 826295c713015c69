import { z } from 'zod'

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const unitBytes: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1_048_576, GiB: 1_073_741_824 }

/** A duration such as `250ms`, `30s`, `5m`, `1h`, `30d`; the parsed value is in milliseconds. */
export const duration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/, 'a duration is a whole number and a unit: 250ms, 30s, 5m, 1h, 30d')
  .transform((text) => {
    const digits = /^\d+/.exec(text)?.[0] ?? '0'
    return Number(digits) * (unitMs[text.slice(digits.length)] ?? 0)
  })

/** A duration of at least `least` and at most `most` milliseconds. */
export function durationBetween(least: number, most: number, said: string) {
  return duration.refine((ms) => ms >= least && ms <= most, `must be ${said}`)
}

/** A size such as `64KiB` or `10MiB`; the parsed value is in bytes. */
export const size = z
  .string()
  .regex(/^\d{1,9}(B|KiB|MiB|GiB)$/, 'a size is a whole number and a unit: 512B, 64KiB, 10MiB, 1GiB')
  .transform((text) => {
    const digits = /^\d+/.exec(text)?.[0] ?? '0'
    return Number(digits) * (unitBytes[text.slice(digits.length)] ?? 0)
  })

/**
 * Marks a string field as one where `${env:NAME}` and `${file:PATH}` are read (security rule S20).
 * Everywhere else they are refused as plain text that looks like a reference.
 */
export const referenceFields: WeakSet<z.ZodType> = new WeakSet()

/** A secret or key: given literally (public keys) or as one `${env:…}` or `${file:…}` reference. */
export function referable(description: string) {
  const field = z.string().min(1).max(1_048_576).meta({ description, reference: true })
  referenceFields.add(field)
  return field
}
