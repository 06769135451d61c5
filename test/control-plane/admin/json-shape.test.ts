import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findExcess, LEVELS_MAX } from '../../../src/control-plane/admin/json-shape.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

it('JSON may nest as deep as the limit, and no deeper', () => {
  expect(findExcess(bytes(nested(LEVELS_MAX)), 1_000)).toBeUndefined();
  expect(findExcess(bytes(nested(LEVELS_MAX + 1)), 1_000)).toBe('levels');
  const wide = `[${Array.from({ length: 200 }, () => '{"a":[1]}').join(',')}]`;
  expect(findExcess(bytes(wide), 1_000)).toBeUndefined();
});

it('JSON may have as many values as the limit, members and items alike', () => {
  expect(findExcess(bytes('[1,2,3]'), 4)).toBeUndefined();
  expect(findExcess(bytes('[1,2,3]'), 3)).toBe('values');
  expect(findExcess(bytes('[[],[],[]]'), 5)).toBe('values');
});

it('what stands in texts counts for nothing', () => {
  const text = JSON.stringify(['[[[[{{{{,,,,'.repeat(100), '\\"[[,,', '\u{1f600}[,']);
  expect(findExcess(bytes(text), 4)).toBeUndefined();
});

it('no JSON that fits is refused, and none that is deeper goes through', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), value => {
      expect(findExcess(bytes(JSON.stringify(value)), Number.MAX_SAFE_INTEGER)).toBeUndefined();
      const deep = '['.repeat(LEVELS_MAX + 1) + JSON.stringify(value) + ']'.repeat(LEVELS_MAX + 1);
      expect(findExcess(bytes(deep), Number.MAX_SAFE_INTEGER)).toBe('levels');
    }),
  );
});
