import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { YamlSource } from '../../../src/control-plane/config/yaml-source.ts';
import { inspectJson, jsonLinesOf } from '../../../src/control-plane/shelf/json-lines.ts';
import type { JsonPath } from '../../../src/control-plane/shelf/pointers.ts';
import type { JsonValue } from '../../../src/stores/registry-contract.ts';

function pathsIn(value: JsonValue, path: JsonPath = []): JsonPath[] {
  if (typeof value !== 'object' || value === null) return [path];
  const isList = Array.isArray(value);
  const below = Object.entries(value).flatMap(([step, each]) =>
    pathsIn(each as JsonValue, [...path, isList ? Number(step) : step]),
  );
  return [path, ...below];
}

const depthOf = (value: JsonValue): number =>
  typeof value === 'object' && value !== null
    ? 1 + Math.max(0, ...Object.values(value).map(each => depthOf(each as JsonValue)))
    : 0;

/** `<<` and the prototype are special to the other parser, not to JSON. */
const value = fc
  .jsonValue({ maxDepth: 4 })
  .filter(each => !/"(<<|__proto__)":/.test(JSON.stringify(each))) as fc.Arbitrary<JsonValue>;

describe('lines of JSON', () => {
  it('are where another parser finds them', () => {
    fc.assert(
      fc.property(value, fc.constantFrom(1, 2, '\t'), (drawn, indent) => {
        const whole = { drawn };
        const text = JSON.stringify(whole, null, indent).replaceAll('\t', '  ');
        const paths = pathsIn(whole).slice(1);
        const source = YamlSource.parse('drawn', text);
        expect(jsonLinesOf(text, paths)).toEqual(paths.map(path => source.lineOf(path)));
        expect(inspectJson(text)).toMatchObject({ duplicates: [], depthMax: depthOf(whole) });
      }),
      { numRuns: 300 },
    );
  });

  it('find every name that stands twice', () => {
    const names = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(names, fc.nat(), (drawn, at) => {
        const twice = drawn[at % drawn.length]!;
        const members = [...drawn, twice].map(name => `${JSON.stringify(name)}: [{}, "]"]`);
        const { duplicates } = inspectJson(`[{${members}}]`);
        expect(duplicates).toEqual([{ path: [0, twice], line: 1 }]);
      }),
    );
  });
});
