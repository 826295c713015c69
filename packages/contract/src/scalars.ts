import { z } from 'zod'

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const unitBytes: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1_048_576, GiB: 1_073_741_824 }

const durationForm = 'a duration is a whole number and a unit: 250ms, 30s, 5m, 1h, 30d'
const sizeForm = 'a size is a whole number and a unit: 512B, 64KiB, 10MiB, 1GiB'

function amount(text: string, units: Readonly<Record<string, number>>): number {
  const digits = /^\d+/.exec(text)?.[0] ?? '0'
  return Number(digits) * (units[text.slice(digits.length)] ?? 0)
}

/** A duration such as `250ms`, `30s`, `5m`, `1h`, `30d`; the parsed value is in milliseconds. */
export const duration = z
  .string(durationForm)
  .regex(/^\d{1,9}(ms|s|m|h|d)$/, durationForm)
  .meta({ title: 'duration' })
  .transform((text) => amount(text, unitMs))

/** A duration of at least `least` and at most `most` milliseconds; `said` names the bounds in words. */
export function durationBetween(least: number, most: number, said: string) {
  return duration.refine((ms) => ms >= least && ms <= most, `must be ${said}`)
}

/** A size such as `64KiB` or `10MiB`; the parsed value is in bytes. */
export const size = z
  .string(sizeForm)
  .regex(/^\d{1,9}(B|KiB|MiB|GiB)$/, sizeForm)
  .meta({ title: 'size' })
  .transform((text) => amount(text, unitBytes))

/** A size of at least `least` and at most `most` bytes; `said` names the bounds in words. */
export function sizeBetween(least: number, most: number, said: string) {
  return size.refine((bytes) => bytes >= least && bytes <= most, `must be ${said}`)
}

const referableText = z.string().min(1).max(1_048_576)

/**
 * A key: written out, or one `${env:NAME}` or `${file:PATH}` reference. References are read in fields marked
 * `reference` alone (security rule S20); everywhere else text that looks like one is refused.
 */
export function referable(description: string) {
  return referableText.meta({ description, reference: true })
}

/** A secret: always one reference, so that it stands in no configuration file; never shown again. */
export function secretReference(description: string) {
  return referableText.meta({ description, reference: true, secret: true })
}
