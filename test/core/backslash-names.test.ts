import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasBackslashName } from '../../src/core/backslash-names.ts';
import type { JsonValue } from '../../src/payload/payload-fault.ts';

function namesOf(value: JsonValue): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(part => namesOf(part as JsonValue));
  return Array.isArray(value) ? inner : [...Object.keys(value), ...inner];
}

describe('a member name with a backslash', () => {
  it.each([
    [String.raw`{"\\":1}`, true],
    [String.raw`[{"a":{"b\u005C" : 1}}]`, true],
    [String.raw`{"a\\"  :1}`, true],
    [String.raw`{"\"\\\"":1}`, true],
    [String.raw`{"a":"\\"}`, false],
    [String.raw`{"a":"\\","b":1}`, false],
    [String.raw`["\\",{"a":1}]`, false],
    [String.raw`{"a":"\\\":","\"\n\u0061":"\\"}`, false],
    [String.raw`"\\`, false],
    [String.raw`{"\\\"`, false],
    ['{}', false],
  ])('of %s is found: %s', (text, found) => {
    expect(hasBackslashName(text)).toBe(found);
  });

  it('is found in whatever JSON.stringify writes', () => {
    const part = fc.stringMatching(/^[ab\\":\n]{0,3}$/);
    const { tree } = fc.letrec<{ tree: JsonValue }>(tie => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        part,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(part, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.constantFrom(undefined, 2), (value, space) => {
        const expected = namesOf(value).some(name => name.includes('\\'));
        expect(hasBackslashName(JSON.stringify(value, null, space))).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes one pass over a hostile text', () => {
    const text = JSON.stringify({ a: '\\'.repeat(1_000_000), b: '"'.repeat(1_000_000) });
    const started = performance.now();
    expect(hasBackslashName(text)).toBe(false);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
