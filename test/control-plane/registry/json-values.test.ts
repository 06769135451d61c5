import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  differingPointers,
  fitsBytes,
  isEqualJson,
} from '../../../src/control-plane/registry/json-values.ts';
import type { JsonObject, JsonValue } from '../../../src/stores/registry-contract.ts';

const json = fc.jsonValue() as fc.Arbitrary<JsonValue>;

/** Names in the order of their code units, so that texts are equal where values are. */
function textOf(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  const names = Object.keys(value).sort();
  const members = names.map(
    name => `${JSON.stringify(name)}:${textOf((value as JsonObject)[name]!)}`,
  );
  return `{${members.join()}}`;
}

describe('JSON values', () => {
  it('are equal where their texts are, whatever the order of names', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(isEqualJson(a, b)).toBe(textOf(a) === textOf(b));
        expect(isEqualJson(a, JSON.parse(textOf(a)))).toBe(true);
      }),
    );
  });

  it('fit into the bytes of their text', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), json), value => {
        const bytes = Buffer.byteLength(JSON.stringify(value));
        expect(fitsBytes(value, bytes)).toBe(true);
        expect(fitsBytes(value, bytes - 1)).toBe(false);
      }),
    );
  });

  it('differ where pointers say so', () => {
    const before = { a: 1, 'x/y~': { z: [1, 2] }, list: [{ n: 1 }, { n: 2 }], gone: null };
    const after = { a: 1, 'x/y~': { z: [1] }, list: [{ n: 1 }, { n: 3 }], come: {} };
    expect(differingPointers(before, after)).toEqual(['/come', '/gone', '/list/1/n', '/x~1y~0/z']);
    expect(differingPointers(before, before)).toEqual([]);
  });
});
