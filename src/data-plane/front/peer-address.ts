/** Text forms of peer addresses, remembered, because every exchange needs one. */
const REMEMBERED_MAX = 65_536;

export class PeerAddresses {
  private readonly byNumber = new Map<number, string>();

  /** `address` is 4 or 16 bytes in network order. */
  text(address: ArrayBuffer): string {
    const bytes = new Uint8Array(address);
    if (bytes.length === 4) return this.ipv4(bytes, 0);
    if (bytes.length !== 16) return '';
    return isMappedIpv4(bytes) ? this.ipv4(bytes, 12) : ipv6(bytes);
  }

  private ipv4(bytes: Uint8Array, at: number): string {
    const number =
      bytes[at]! * 0x1000000 + bytes[at + 1]! * 0x10000 + bytes[at + 2]! * 0x100 + bytes[at + 3]!;
    const known = this.byNumber.get(number);
    if (known !== undefined) return known;
    if (this.byNumber.size >= REMEMBERED_MAX) this.byNumber.clear();
    const text = bytes.subarray(at, at + 4).join('.');
    this.byNumber.set(number, text);
    return text;
  }
}

/** RFC 4291 section 2.5.5.2. */
function isMappedIpv4(bytes: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false;
  return bytes[10] === 0xff && bytes[11] === 0xff;
}

/** RFC 5952 section 4, by way of the URL parser, which compresses zeros as it asks. */
function ipv6(bytes: Uint8Array): string {
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16));
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
