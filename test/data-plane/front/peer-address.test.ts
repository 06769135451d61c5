import { describe, expect, it } from 'vitest';
import { PeerAddresses } from '../../../src/data-plane/front/peer-address.ts';

function bytes(...values: number[]): ArrayBuffer {
  return new Uint8Array(values).buffer;
}

describe('peer addresses', () => {
  const peers = new PeerAddresses();

  it('writes IPv4 with dots', () => {
    expect(peers.text(bytes(127, 0, 0, 1))).toBe('127.0.0.1');
    expect(peers.text(bytes(255, 254, 253, 252))).toBe('255.254.253.252');
  });

  it('writes an IPv4 address that IPv6 carries as IPv4', () => {
    expect(peers.text(bytes(...Array(10).fill(0), 255, 255, 10, 1, 2, 3))).toBe('10.1.2.3');
  });

  it('writes IPv6 in its canonical form', () => {
    expect(peers.text(bytes(...Array(15).fill(0), 1))).toBe('::1');
    const documentation = bytes(0x20, 1, 0xd, 0xb8, ...Array(10).fill(0), 0xab, 0xcd);
    expect(peers.text(documentation)).toBe('2001:db8::abcd');
  });

  it('has no text for a socket that is gone', () => {
    expect(peers.text(bytes())).toBe('');
  });
});
