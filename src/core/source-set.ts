/**
 * Addresses and networks (CIDR: RFC 4632, RFC 4291 section 2.3), and whether one is among them.
 *
 * Not node:net's BlockList: to fill one with 10,000 networks took 132 ms of a front thread at each
 * change, and it takes an IPv4 address for a part of `::/0`.
 */
import { isIP } from 'node:net';
import { groupsOf } from './source-network.ts';

/** Decisions that are remembered: to look one up takes a microsecond for each length of prefix. */
const REMEMBERED_MAX = 16_384;
const IPV4_BITS = 32;
const IPV6_BITS = 128;
/** `::ffff:0:0/96`, behind which IPv4 addresses are mapped (RFC 4291 section 2.5.5.2). */
const MAPPED = 0xffffn;

export interface Source {
  /** `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`: IPv6 as in RFC 5952, so that one is once. */
  readonly text: string;
  readonly address: string;
  /** All bits of an address alone. */
  readonly prefix: number;
}

/** Undefined where the text is neither an address nor a network. */
export function readSource(text: string): Source | undefined {
  const [given = '', length, ...rest] = text.split('/');
  const version = isIP(given);
  // A zone names an interface of some host.
  if (version === 0 || rest.length > 0 || given.includes('%')) return undefined;
  const address = version === 4 ? given : new URL(`http://[${given}]/`).hostname.slice(1, -1);
  const bits = version === 4 ? IPV4_BITS : IPV6_BITS;
  // A peer shows the IPv4 address of a mapped one, which would be blocked in vain.
  if (version === 6 && ipv6Bits(address) >> 32n === MAPPED) return undefined;
  if (length === undefined) return { text: address, address, prefix: bits };
  if (!/^(0|[1-9][0-9]{0,2})$/.test(length) || Number(length) > bits) return undefined;
  return { text: `${address}/${length}`, address, prefix: Number(length) };
}

export class SourceSet {
  size = 0;
  /** By the length of the prefix: how many sources each network is of. */
  private readonly ipv4 = new Map<number, Map<number, number>>();
  private readonly ipv6 = new Map<number, Map<bigint, number>>();
  private readonly known = new Map<string, boolean>();
  private texts: ReadonlySet<string> = new Set();

  /**
   * In the place of those before; what cannot be read as a source is left out. Only what is new or
   * gone is looked at: to read 10,000 takes up to 100 ms, in which no call goes on.
   */
  replace(texts: readonly string[]): void {
    const wanted = new Set(texts);
    for (const text of this.texts) if (!wanted.has(text)) this.count(text, -1);
    for (const text of wanted) if (!this.texts.has(text)) this.count(text, 1);
    this.texts = wanted;
    this.known.clear();
  }

  /** @param address as peers have it: IPv6 in the form of RFC 5952 */
  has(address: string): boolean {
    const known = this.known.get(address);
    if (known !== undefined) return known;
    const isIn = this.lookUp(address);
    if (this.known.size >= REMEMBERED_MAX) this.known.clear();
    this.known.set(address, isIn);
    return isIn;
  }

  private count(text: string, change: 1 | -1): void {
    const source = readSource(text);
    if (source === undefined) return;
    this.size += change;
    const { address, prefix } = source;
    if (isIpv6(address)) add(this.ipv6, prefix, ipv6Network(ipv6Bits(address), prefix), change);
    else add(this.ipv4, prefix, ipv4Network(ipv4Bits(address), prefix), change);
  }

  private lookUp(address: string): boolean {
    if (isIP(address) === 0) return false;
    if (isIpv6(address)) {
      const bits = ipv6Bits(address);
      for (const [prefix, networks] of this.ipv6) {
        if (networks.has(ipv6Network(bits, prefix))) return true;
      }
    } else {
      const bits = ipv4Bits(address);
      for (const [prefix, networks] of this.ipv4) {
        if (networks.has(ipv4Network(bits, prefix))) return true;
      }
    }
    return false;
  }
}

function add<T>(
  all: Map<number, Map<T, number>>,
  prefix: number,
  network: T,
  change: 1 | -1,
): void {
  const networks = all.get(prefix) ?? new Map<T, number>();
  all.set(prefix, networks);
  const count = (networks.get(network) ?? 0) + change;
  if (count > 0) networks.set(network, count);
  else networks.delete(network);
  if (networks.size === 0) all.delete(prefix);
}

function isIpv6(address: string): boolean {
  return address.includes(':');
}

function ipv4Bits(address: string): number {
  return address.split('.').reduce((bits, part) => bits * 256 + Number(part), 0);
}

function ipv4Network(bits: number, prefix: number): number {
  return Math.floor(bits / 2 ** (IPV4_BITS - prefix));
}

function ipv6Bits(address: string): bigint {
  return BigInt(
    `0x${groupsOf(address)
      .map(group => group.padStart(4, '0'))
      .join('')}`,
  );
}

function ipv6Network(bits: bigint, prefix: number): bigint {
  return bits >> BigInt(IPV6_BITS - prefix);
}
