import ipaddr from 'ipaddr.js'
import type { AddressGuard } from './addressGuard.js'
import { httpFailure, type Sent } from './httpFailure.js'

/**
 * The address of a request, checked: http or https, no credentials in it, and where its host is an IP address (in any of
 * the forms that a URL may write one: decimal, hexadecimal, octal, IPv6-mapped) one that the guard allows.
 */
export const checkedTarget = (address: string, base: URL | undefined, isAllowed: AddressGuard, sent: Sent): URL => {
  const url = parse(address, base, sent)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw httpFailure('http_invalid_request', 'only http and https addresses are requested', sent)
  }
  if (url.username !== '' || url.password !== '') {
    throw httpFailure('http_invalid_request', 'credentials belong into a header, not into the address', sent)
  }
  // The URL parser has made plain numbers of decimal, hexadecimal and octal forms.
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (ipaddr.isValid(host) && !isAllowed(host)) {
    throw httpFailure('http_blocked_address', `${url.host} is an address that is not allowed`, sent)
  }
  return url
}

const parse = (address: string, base: URL | undefined, sent: Sent): URL => {
  try {
    return new URL(address, base)
  } catch {
    throw httpFailure('http_invalid_request', 'the address is not a URL', sent)
  }
}
