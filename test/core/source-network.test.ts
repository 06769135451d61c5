import { describe, expect, it } from 'vitest';
import { sourceNetwork } from '../../src/core/source-network.ts';

describe('the network of a source', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001::b:1:2:3:4', '2001:0:0:b'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
  ])('of %s is %s', (address, network) => {
    expect(sourceNetwork(address)).toBe(network);
  });
});
