import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  auditHashInput,
  ChainVerifier,
  canonicalJson,
  chainEntries,
  EMPTY_CHAIN,
} from '../../src/stores/audit-chain.ts';
import type { AuditEntry, JsonValue } from '../../src/stores/registry-contract.ts';
import { aDraft, aPartner } from './registry-commits.ts';

const HASHED =
  '{"action":"registry.apply","actor":"operator:lin","changes":[{"after":{"id":"a",' +
  '"name":"Partner a"},"before":null,"id":"a","kind":"partner"}],' +
  `"previousHash":"${'0'.repeat(64)}","reason":"why","revision":7,"sequence":1,` +
  '"subject":"registry/registry","time":"1970-01-01T00:00:00.005Z"}';

function aChain(length: number): AuditEntry[] {
  const drafts = Array.from({ length }, (_, i) => aDraft([aPartner(`p-${i}`)], `reason ${i}`));
  return chainEntries(drafts, EMPTY_CHAIN, 1, 1_000).map(({ entry }) => entry);
}

describe('canonical JSON', () => {
  it.each<[string, JsonValue, string]>([
    // RFC 8785, sections 3.2.2 and 3.2.3.
    [
      'the sample of the RFC',
      JSON.parse(
        '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
          '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/",' +
          '"literals":[null,true,false]}',
      ),
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    ],
    [
      'names by code unit',
      { '\u20ac': 1, '\r': 2, '\ufb33': 3, 1: 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 },
      '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
    ],
    [
      'whole numbers as names',
      { 10: 1, 9: 2, a: { 2: 1, 11: 2 } },
      '{"10":1,"9":2,"a":{"11":2,"2":1}}',
    ],
    [
      'a name that objects treat otherwise',
      { b: 1, ['__proto__']: { a: 1 } },
      '{"__proto__":{"a":1},"b":1}',
    ],
    ['a lone surrogate', ['\ud800'], '["\\ud800"]'],
    ['nothing', {}, '{}'],
  ])('%s', (_name, value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it('is one form of a value, whatever the order of its members', () => {
    const shuffled = (value: JsonValue): JsonValue => {
      if (typeof value !== 'object' || value === null) return value;
      if (Array.isArray(value)) return value.map(shuffled);
      const members = Object.entries(value).reverse();
      return Object.fromEntries(members.map(([name, member]) => [name, shuffled(member)]));
    };
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const text = canonicalJson(value as JsonValue);
        expect(canonicalJson(shuffled(value as JsonValue))).toBe(text);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

const asEntry = (value: object) => value as AuditEntry;

function without(entry: AuditEntry, name: keyof AuditEntry): AuditEntry {
  const { [name]: _, ...rest } = entry;
  return asEntry(rest);
}

describe('the audit chain', () => {
  it('hashes the canonical JSON of an entry without its hash', () => {
    const drafts = [aDraft([aPartner('a')], 'why')];
    const [chained] = chainEntries(drafts, EMPTY_CHAIN, 7, 5);
    const { hash, ...unsealed } = chained!.entry;
    expect(auditHashInput(unsealed)).toBe(HASHED);
    expect(hash).toBe(createHash('sha256').update(HASHED).digest('hex'));
    expect(HASHED).toContain(`"changes":${chained!.changesText},`);
  });

  it('goes on behind any head', () => {
    const entries = aChain(3);
    const behind = chainEntries([aDraft()], entries[2]!, 2, 1_000)[0]!.entry;
    expect(behind).toMatchObject({ sequence: 4, previousHash: entries[2]!.hash, revision: 2 });
    expect(new ChainVerifier().check([...entries, behind])).toBeUndefined();
  });

  it('holds page by page, and from any entry that is trusted', () => {
    const entries = aChain(10);
    const verifier = new ChainVerifier();
    expect(verifier.check(entries.slice(0, 4))).toBeUndefined();
    expect(verifier.check(entries.slice(4))).toBeUndefined();
    expect(verifier.head).toEqual({ sequence: 10, hash: entries[9]!.hash });
    expect(new ChainVerifier(entries[4]).check(entries.slice(5))).toBeUndefined();
  });

  it.each<[string, (entries: AuditEntry[]) => unknown, string, number]>([
    ['a reason', list => (list[4] = { ...list[4]!, reason: 'other' }), 'hash', 5],
    ['a change', list => (list[4] = { ...list[4]!, changes: [] }), 'hash', 5],
    ['a time', list => (list[4] = { ...list[4]!, time: '2026-11-26T01:00:00.000Z' }), 'hash', 5],
    ['a member put in', list => (list[4] = asEntry({ ...list[4], approvedBy: 'x' })), 'hash', 5],
    ['a member gone', list => (list[4] = without(list[4]!, 'changes')), 'hash', 5],
    ['a hash', list => (list[4] = { ...list[4]!, hash: 'f'.repeat(64) }), 'hash', 5],
    ['an entry taken out', list => list.splice(3, 2), 'gap', 4],
    ['an entry twice', list => list.splice(4, 0, list[3]!), 'gap', 5],
    ['the first entry gone', list => list.shift(), 'gap', 1],
    ['two entries in each other’s place', list => list.splice(4, 2, list[5]!, list[4]!), 'gap', 5],
  ])('tells %s', (_name, tamper, fault, sequence) => {
    const entries = aChain(10);
    tamper(entries);
    const verifier = new ChainVerifier();
    expect(verifier.check(entries)).toEqual({ fault, sequence });
    expect(verifier.check(aChain(1))).toEqual({ fault, sequence });
  });

  it('tells an entry that was changed and hashed anew', () => {
    const entries = aChain(10);
    const forged = chainEntries([aDraft([], 'forged')], entries[3]!, 1, 1_000)[0]!.entry;
    entries[4] = forged;
    expect(new ChainVerifier().check(entries)).toEqual({ fault: 'previous', sequence: 6 });
  });

  it('tells a chain that was cut at its end, or that is another one', () => {
    const entries = aChain(10);
    const [head, cut] = [entries[9]!, new ChainVerifier()];
    cut.check(entries.slice(0, 7));
    expect(cut.finish(head)).toEqual({ fault: 'end', sequence: 8 });
    const whole = new ChainVerifier();
    whole.check(entries);
    expect(whole.finish(head)).toBeUndefined();
    expect(whole.finish({ sequence: 10, hash: 'f'.repeat(64) })).toMatchObject({ fault: 'end' });
  });
});
