import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonWalk } from '../../../src/control-plane/events/json-walk.ts';

const SPACES = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

/** The text of a JSON value with space where there may be some, and escapes where there may be. */
function textOf(value: unknown, space: () => string): string {
  if (Array.isArray(value)) {
    return `[${space()}${value.map(item => textOf(item, space) + space()).join(`,${space()}`)}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([name, item]) =>
        `${JSON.stringify(name)}${space()}:${space()}${textOf(item, space)}${space()}`,
    );
    return `{${space()}${members.join(`,${space()}`)}}`;
  }
  return JSON.stringify(value);
}

describe('a walk through JSON text', () => {
  it('finds the exact text of every member and item', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.array(fc.jsonValue(), { maxLength: 4 }), { maxKeys: 4 }),
        fc.infiniteStream(SPACES),
        (value, spaces) => {
          const space = () => spaces.next().value as string;
          const expected: [string, string[]][] = [];
          const members = Object.entries(value).map(([name, items]) => {
            const texts = items.map(item => textOf(item, space));
            expected.push([name, texts]);
            const list = `[${space()}${texts.join(`${space()},${space()}`)}${space()}]`;
            return `${space()}${JSON.stringify(name)}${space()}:${space()}${list}${space()}`;
          });
          const text = `${space()}{${members.join(',')}${members.length === 0 ? space() : ''}}`;
          expect(JSON.parse(text)).toEqual(value);
          const found: [string, string[]][] = [];
          const walk = new JsonWalk(text);
          walk.members(name => {
            const texts: string[] = [];
            walk.items(() => texts.push(walk.value()));
            found.push([name, texts]);
          });
          expect(found).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    ['"a\\\\"', '"a\\\\"'],
    ['"a\\"]}"', '"a\\"]}"'],
    ['"\\\\\\""', '"\\\\\\""'],
    ['{"a":"}"}', '{"a":"}"}'],
    ['[[["]"]],{}]', '[[["]"]],{}]'],
    ['-1.50e+10', '-1.50e+10'],
    ['true', 'true'],
  ])('takes %s whole', (value, text) => {
    const walk = new JsonWalk(`[ ${value} , 1]`);
    const found: string[] = [];
    walk.items(() => found.push(walk.value()));
    expect(found).toEqual([text, '1']);
  });

  it('is not held up by depth', () => {
    const depth = 1_000_000;
    const deep = '['.repeat(depth) + ']'.repeat(depth);
    expect(new JsonWalk(deep).value()).toBe(deep);
  });
});
