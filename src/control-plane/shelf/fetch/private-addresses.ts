import { BlockList, isIPv6 } from 'node:net';

/** RFC 6890 and what came after it: addresses that are not for everybody. */
const NETWORKS = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;

const NETWORKS_V6 = [
  // Each of these stands for IPv4 addresses, and so may stand for private ones.
  ['::', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  ['3fff::', 20],
  ['5f00::', 16],
] as const;

const PRIVATE = new BlockList();
for (const [network, prefix] of NETWORKS) PRIVATE.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of NETWORKS_V6) PRIVATE.addSubnet(network, prefix, 'ipv6');

/** Whether an address belongs to a network of somebody's own; IPv4 within IPv6 is looked into. */
export function isPrivateAddress(address: string): boolean {
  return PRIVATE.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
