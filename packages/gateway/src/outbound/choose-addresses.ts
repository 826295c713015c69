import { compileNetworks, isInNetworks } from '../domain/cidr.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { type AddressClass, classifyAddress } from './address-class.ts'
import type { FetchFault } from './fetch-fault.ts'

/** Whose word an address is reached on. */
export interface AddressTrust {
  /** The operator wrote the URL, or its scheme, host and port are those of the issuer the operator wrote. */
  readonly operators: boolean
  /** Networks the operator opened for URLs that others supplied. */
  readonly allowPrivate: readonly string[]
}

const nobodys: ReadonlySet<AddressClass> = new Set(['link-local', 'metadata', 'unspecified', 'multicast', 'reserved'])

/** The addresses among these that may be connected to; a fault naming the first refused one when none may (S6). */
export function chooseAddresses(
  host: string,
  addresses: readonly string[],
  trust: AddressTrust,
): Result<readonly string[], FetchFault> {
  const allowed = addresses.filter((address) => isAllowed(address, trust))
  if (allowed.length > 0) return ok(allowed)
  const [address] = addresses
  if (address === undefined) return err({ code: 'name_unresolved', host, detail: 'no address' })
  return err({ code: 'address_refused', host, address, addressClass: classifyAddress(address) ?? 'unreadable' })
}

function isAllowed(address: string, trust: AddressTrust): boolean {
  const addressClass = classifyAddress(address)
  if (addressClass === undefined || nobodys.has(addressClass)) return false
  return (
    addressClass === 'public' || trust.operators || isInNetworks(compileNetworks(trust.allowPrivate) ?? [], address)
  )
}
