/** Addresses and networks (CIDR: RFC 4632, RFC 4291 section 2.3), and whether one is among them. */
import { BlockList, isIP } from 'node:net';

/** Decisions that are remembered: to look one up costs a microsecond. */
const REMEMBERED_MAX = 16_384;

export interface Source {
  /** As it is written: `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`. */
  readonly text: string;
  readonly address: string;
  /** Undefined for an address alone. */
  readonly prefix: number | undefined;
  readonly family: 'ipv4' | 'ipv6';
}

/** Undefined where the text is neither an address nor a network. */
export function readSource(text: string): Source | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const version = isIP(address);
  // A zone names an interface of some host; of a mapped IPv4 address a peer shows the IPv4 one.
  const isOdd = address.includes('%') || (version === 6 && address.includes('.'));
  if (version === 0 || rest.length > 0 || isOdd) return undefined;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (length === undefined) return { text, address, prefix: undefined, family };
  const bitsMax = version === 4 ? 32 : 128;
  if (!/^(0|[1-9][0-9]{0,2})$/.test(length) || Number(length) > bitsMax) return undefined;
  return { text, address, prefix: Number(length), family };
}

export class SourceSet {
  size = 0;
  private list = new BlockList();
  private readonly known = new Map<string, boolean>();

  /** In the place of those before; what cannot be read as a source is left out. */
  replace(texts: readonly string[]): void {
    const sources = texts.flatMap(text => readSource(text) ?? []);
    const list = new BlockList();
    for (const { address, prefix, family } of sources) {
      if (prefix === undefined) list.addAddress(address, family);
      else list.addSubnet(address, prefix, family);
    }
    this.list = list;
    this.size = sources.length;
    this.known.clear();
  }

  has(address: string): boolean {
    const known = this.known.get(address);
    if (known !== undefined) return known;
    const isIn = this.list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
    if (this.known.size >= REMEMBERED_MAX) this.known.clear();
    this.known.set(address, isIn);
    return isIn;
  }
}
