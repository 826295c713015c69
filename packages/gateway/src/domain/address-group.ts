/** IPv6 callers own a /64, not an address. */
export function addressGroup(address: string): string {
  if (!address.includes(':')) return address
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice(7)
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const end = tail === '' ? 0 : tail.split(':').length
    while (groups.length + end < 8) groups.push('0')
  }
  while (groups.length < 4) groups.push('0')
  return groups.slice(0, 4).join(':')
}
