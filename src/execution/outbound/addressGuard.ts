import ipaddr from 'ipaddr.js'

/** Whether requests may go to an IP address. */
export type AddressGuard = (address: string) => boolean

/**
 * Public unicast addresses only: no private, loopback, link-local, metadata, multicast, reserved or tunnelled ones
 * (IANA special-purpose registries, as ipaddr.js knows them). IPv6 forms of an IPv4 address count as that address.
 */
export const publicAddressesOnly: AddressGuard = (address) => {
  if (!ipaddr.isValid(address)) return false
  return ipaddr.process(address).range() === 'unicast'
}

export const anyAddress: AddressGuard = () => true
