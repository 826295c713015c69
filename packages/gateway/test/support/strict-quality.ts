import { algorithms } from '../../src/domain/algorithm.ts'
import type { KeyQuality } from '../../src/domain/key.ts'

/** Every algorithm and no loosening; tests name what they loosen. */
export function strictQuality(loosened: Partial<KeyQuality> = {}): KeyQuality {
  return {
    algorithmBits: algorithms.reduce((bits, algorithm) => bits | algorithm.bit, 0),
    allowWeakSecret: false,
    allowSampleKey: false,
    allowExpiredCertificate: false,
    allowSmallExponent: false,
    allowLargeRsa: false,
    ...loosened,
  }
}
