/**
 * Whose limits an address counts against: of IPv6 its /64, which is what one customer has at least
 * (RFC 6177), of IPv4 the address itself. Addresses are in the text form of RFC 5952.
 */
const NETWORK_GROUPS = 4;
const GROUPS = 8;

export function sourceNetwork(address: string): string {
  if (!address.includes(':')) return address;
  return groupsOf(address).slice(0, NETWORK_GROUPS).join(':');
}

/** The eight groups of an IPv6 address, without leading zeros where it has none. */
export function groupsOf(address: string): string[] {
  const gap = address.indexOf('::');
  if (gap < 0) return address.split(':');
  const before = partOf(address.slice(0, gap));
  const after = partOf(address.slice(gap + 2));
  const zeros = Array.from({ length: GROUPS - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after];
}

function partOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
