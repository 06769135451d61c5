import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEPTH_MAX, isShallowJson } from '../../src/core/json-depth.ts';

const PADDING = ' '.repeat(2_100);
const bytes = (text: string) => Buffer.from(text + PADDING);

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('the depth of JSON', () => {
  it('is let through up to its limit, whatever strings hold', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), value => {
        expect(depthOf(value)).toBeLessThanOrEqual(DEPTH_MAX);
        expect(isShallowJson(bytes(JSON.stringify(value)))).toBe(true);
      }),
    );
    expect(isShallowJson(bytes(JSON.stringify(['[{'.repeat(100), '\\"[[', '"'])))).toBe(true);
  });

  it.each(['[', '{"a":'])('is refused one beyond it: %s', opening => {
    const closing = opening === '[' ? ']' : '}';
    const nested = (depth: number) => opening.repeat(depth) + 1 + closing.repeat(depth);
    expect(isShallowJson(bytes(nested(DEPTH_MAX)))).toBe(true);
    expect(isShallowJson(bytes(nested(DEPTH_MAX + 1)))).toBe(false);
  });

  it('of what is no JSON is called something without a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2_049, maxLength: 4_000 }), noise => {
        expect(typeof isShallowJson(noise)).toBe('boolean');
      }),
    );
  });
});
