import { describe, expect, it } from 'vitest'
import { isTargetAddress } from './target-address.ts'

describe('S14: link-local and metadata addresses are no upstream', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fd00:ec2::254',
    '100.100.100.200',
    '168.63.129.16',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    'metadata.google.internal',
    '',
  ])('%s is refused', (address) => {
    expect(isTargetAddress(address)).toBe(false)
  })

  it.each(['127.0.0.1', '::1', '10.0.0.1', '192.168.1.1', '::ffff:10.0.0.1', '93.184.216.34', 'fd12::1'])(
    '%s may be one: upstreams live on private networks',
    (address) => {
      expect(isTargetAddress(address)).toBe(true)
    },
  )
})
