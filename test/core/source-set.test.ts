import { describe, expect, it } from 'vitest';
import { readSource, SourceSet } from '../../src/core/source-set.ts';

describe('a source', () => {
  it.each(['192.0.2.1', '192.0.2.0/24', '0.0.0.0/0', '2001:db8::1', '2001:db8::/32'])(
    'may be %s',
    text => expect(readSource(text)?.text).toBe(text),
  );

  it.each([
    ...['', '192.0.2', '192.0.2.1/33', '192.0.2.1/-1', '192.0.2.1/08', '192.0.2.1/24/8'],
    ...[
      '192.0.2.1/',
      '2001:db8::/129',
      'fe80::1%eth0',
      'example.com',
      '192.0.2.1/2e1',
      '::ffff:192.0.2.1',
    ],
  ])('may not be "%s"', text => expect(readSource(text)).toBeUndefined());
});

describe('a set of sources', () => {
  it('has what is in its networks, and its addresses', () => {
    const set = new SourceSet();
    set.replace(['192.0.2.0/24', '198.51.100.7', '2001:db8::/32', 'nonsense']);
    expect(set.size).toBe(3);
    const inside = ['192.0.2.200', '198.51.100.7', '2001:db8:1::1'];
    const outside = ['192.0.3.1', '198.51.100.8', '2001:db9::1', ''];
    expect(inside.map(address => set.has(address))).toEqual([true, true, true]);
    expect(outside.map(address => set.has(address))).toEqual([false, false, false, false]);
  });

  it('remembers no decision of the sources before', () => {
    const set = new SourceSet();
    set.replace(['192.0.2.1']);
    expect([set.has('192.0.2.1'), set.has('192.0.2.2')]).toEqual([true, false]);
    set.replace(['192.0.2.2']);
    expect([set.has('192.0.2.1'), set.has('192.0.2.2')]).toEqual([false, true]);
    set.replace([]);
    expect(set.size).toBe(0);
  });
});
