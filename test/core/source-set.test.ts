import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
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
      '::ffff:c000:201',
      '::ffff:0:0/96',
    ],
  ])('may not be "%s"', text => expect(readSource(text)).toBeUndefined());

  it('has one text, however it was written', () => {
    const forms = ['2001:DB8::1', '2001:db8:0:0:0:0:0:1', '2001:0db8::0001'];
    for (const form of forms) expect(readSource(form)?.text).toBe('2001:db8::1');
    expect(readSource('2001:DB8:0::/48')?.text).toBe('2001:db8::/48');
  });
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

  it('has of all IPv6 no IPv4, and the other way round', () => {
    const set = new SourceSet();
    set.replace(['::/0']);
    expect([set.has('2001:db8::1'), set.has('::1'), set.has('192.0.2.1')]).toEqual([
      ...[true, true, false],
    ]);
    set.replace(['0.0.0.0/0']);
    expect([set.has('192.0.2.1'), set.has('255.255.255.255'), set.has('::1')]).toEqual([
      ...[true, true, false],
    ]);
  });

  it('has what node:net finds in the same networks', () => {
    const ipv4 = fc.ipV4();
    const ipv6 = fc.ipV6().filter(address => !address.includes('.'));
    const networks = fc.array(
      fc.oneof(
        fc.tuple(ipv4, fc.integer({ min: 1, max: 32 })),
        fc.tuple(ipv6, fc.integer({ min: 1, max: 128 })),
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(networks, fc.array(fc.oneof(ipv4, ipv6)), (blocked, others) => {
        const kept = blocked.filter(([address]) => readSource(address) !== undefined);
        const lists = { 4: new BlockList(), 6: new BlockList() };
        for (const [address, prefix] of kept) {
          const version = isIP(address) as 4 | 6;
          lists[version].addSubnet(address, prefix, `ipv${version}`);
        }
        const set = new SourceSet();
        set.replace(kept.map(([address, prefix]) => `${address}/${prefix}`));
        for (const address of [...others, ...kept.map(([each]) => each)]) {
          const version = isIP(address) as 4 | 6;
          expect(set.has(address), address).toBe(lists[version].check(address, `ipv${version}`));
        }
      }),
    );
  });

  it('remembers no decision of the sources before', () => {
    const set = new SourceSet();
    set.replace(['192.0.2.1']);
    expect([set.has('192.0.2.1'), set.has('192.0.2.2')]).toEqual([true, false]);
    set.replace(['192.0.2.2']);
    expect([set.has('192.0.2.1'), set.has('192.0.2.2')]).toEqual([false, true]);
    set.replace([]);
    expect([set.size, set.has('192.0.2.2')]).toEqual([0, false]);
  });

  it('has what one source says as long as any says it', () => {
    const set = new SourceSet();
    set.replace(['192.0.2.0/24', '192.0.2.9/24', '2001:db8::/32']);
    set.replace(['192.0.2.9/24']);
    expect([set.size, set.has('192.0.2.1'), set.has('2001:db8::1')]).toEqual([1, true, false]);
    set.replace(['198.51.100.1']);
    expect([set.size, set.has('192.0.2.1')]).toEqual([1, false]);
  });
});
