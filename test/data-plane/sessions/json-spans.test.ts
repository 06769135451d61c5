import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementStarts, memberSpan } from '../../../src/data-plane/sessions/json-spans.ts';
import { jsonTexts } from './json-texts.ts';

/** What stands at the span, after a look at its ends. */
function textAt(text: string, span: { from: number; to: number } | undefined): string | undefined {
  if (span === undefined) return undefined;
  const found = text.slice(span.from, span.to);
  expect(found).toBe(found.trim());
  return found;
}

const memberOf = (text: string, name: string, at = 0) => textAt(text, memberSpan(text, at, name));

/** Any object, with names that are looked for. */
const objects = jsonTexts.object;
const names = fc.constantFrom('body', 'params', '', '__proto__', 'bod', '星');

describe('the span of a member', () => {
  it('holds what JSON.parse takes, in any valid object', () => {
    fc.assert(
      fc.property(objects, names, (text, name) => {
        const parsed = JSON.parse(text) as Record<string, unknown>;
        const found = memberOf(text, name);
        if (!Object.hasOwn(parsed, name)) expect(found).toBeUndefined();
        else expect(JSON.parse(found!)).toEqual(parsed[name]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is found in an object that stands in an array', () => {
    fc.assert(
      fc.property(fc.array(objects, { minLength: 1, maxLength: 4 }), names, (texts, name) => {
        const text = `[${texts.join(',')}]`;
        const starts = elementStarts(text, 0);
        texts.forEach((one, i) => {
          const alone = memberOf(one, name);
          expect(memberOf(text, name, starts[i])).toBe(alone);
        });
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['{"body":1.10}', '1.10'],
    ['{"body":12345678901234567890}', '12345678901234567890'],
    ['\n\t{ "body" :\r\n { "a" : [ 1 , 2 ] } }', '{ "a" : [ 1 , 2 ] }'],
    ['{"body":1,"body":2}', '2'],
    ['{"\\u0062ody":"a\\"}","x":0}', '"a\\"}"'],
    ['{"a":{"body":1},"body":"\\\\"}', '"\\\\"'],
    ['{"a":"{\\"body\\":3}","body":[]}', '[]'],
    ['{"body":"","bodyBase64":"x"}', '""'],
  ])('in %s is %s, as it was written', (text, body) => {
    expect(memberOf(text, 'body')).toBe(body);
  });

  it('is none where the object has no such member', () => {
    for (const text of ['{}', ' { } ', '{"bodY":1}', '{"a":{"body":1}}', '{"a":"body"}']) {
      expect(memberOf(text, 'body')).toBeUndefined();
    }
  });
});

describe('the starts of elements', () => {
  it('are those of the elements that JSON.parse takes, in any valid array', () => {
    fc.assert(
      fc.property(jsonTexts.array, text => {
        const parsed = JSON.parse(text) as unknown[];
        const starts = elementStarts(text, 0);
        expect(starts).toHaveLength(parsed.length);
        starts.forEach((at, i) => {
          // In an object of its own the element ends where its member ends.
          const wrapped = `{"body":${text.slice(at)}`;
          expect(JSON.parse(memberOf(wrapped, 'body')!)).toEqual(parsed[i]);
        });
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a text of many nested values', () => {
  it('is looked through without deep recursion', () => {
    const depth = 100_000;
    const text = `{"body":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(memberOf(text, 'body')).toHaveLength(2 * depth);
  });
});
