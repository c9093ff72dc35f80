import { describe, expect, it } from 'vitest'
import { publicAddressesOnly } from '../../../src/execution/outbound/addressGuard.js'
import { checkedTarget } from '../../../src/execution/outbound/target.js'

describe('addresses that requests may not go to', () => {
  it.each([
    ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1'],
    ...[
      '224.0.0.1',
      '255.255.255.255',
      '240.0.0.1',
      '192.0.2.1',
      '198.18.0.1',
      '::1',
      '::',
      'fe80::1',
      'fc00::1',
      'fd00:ec2::254',
    ],
    ...[
      'ff02::1',
      '::ffff:127.0.0.1',
      '::ffff:10.0.0.1',
      '::ffff:7f00:1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '2001::1',
      '2001:db8::1',
    ],
    ...['localhost', '', '1.2.3.4.5'],
  ])('%s', (address) => {
    expect(publicAddressesOnly(address)).toBe(false)
  })

  it.each(['1.1.1.1', '93.184.216.34', '2606:4700:4700::1111', '::ffff:1.1.1.1'])('but to %s they may', (address) => {
    expect(publicAddressesOnly(address)).toBe(true)
  })

  it.each([
    ...[
      'http://127.0.0.1/',
      'http://2130706433/',
      'http://0x7f000001/',
      'http://0177.0.0.1/',
      'http://127.1/',
      'http://0/',
    ],
    ...[
      'http://[::1]/',
      'http://[::ffff:127.0.0.1]/',
      'http://[::ffff:7f00:1]/',
      'http://[fe80::1]/',
      'http://169.254.169.254/latest',
    ],
    ...['http://0xa9.0xfe.0xa9.0xfe/', 'http://①②⑦.0.0.1/', 'http://127.0.0.1./'],
  ])('%s, in whatever form it is written', (address) => {
    expect(() => checkedTarget(address, undefined, publicAddressesOnly, 'no')).toThrow(
      expect.objectContaining({
        error: expect.objectContaining({ code: 'http_blocked_address', details: { sent: 'no' } }),
      }),
    )
  })

  it.each([
    'file:///etc/passwd',
    'ftp://example.org/',
    'javascript:1',
    'not a url',
    'http://user:secret@example.org/',
    '//x',
  ])('nor to what is no address for HTTP: %s', (address) => {
    expect(() => checkedTarget(address, undefined, publicAddressesOnly, 'no')).toThrow(
      expect.objectContaining({ error: expect.objectContaining({ code: 'http_invalid_request' }) }),
    )
  })
})
