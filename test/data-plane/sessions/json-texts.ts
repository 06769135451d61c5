/** JSON as nobody writes it by hand: any white space, needless escapes, the same name twice. */
import fc from 'fast-check';

const space = fc
  .array(fc.constantFrom(' ', '\t', '\n', '\r'), { maxLength: 3 })
  .map(parts => parts.join(''));

/** Each UTF-16 unit as it is, where it may be, or as an escape. */
function written(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return text.chain(value => {
    const units = value.split('').map(unit => {
      const escaped = `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
      const plain = JSON.stringify(unit).slice(1, -1);
      return fc.constantFrom(plain, escaped, escaped.toUpperCase().replace('\\U', '\\u'));
    });
    return fc.tuple(...units).map(parts => `"${parts.join('')}"`);
  });
}

const character = fc.constantFrom(
  'a',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  ' ',
  '\n',
  '星',
  '😀',
);
const someText = fc.oneof(
  fc.array(character, { maxLength: 6 }).map(parts => parts.join('')),
  fc.string({ maxLength: 6 }),
);

const number = fc.constantFrom(
  '0',
  '-0',
  '1',
  '-12.50',
  '1e5',
  '6.02E+23',
  '12345678901234567890.10',
);

/** Names that are looked for, and names that resemble them. */
const NAMES = ['body', 'params', 'bodyBase64', 'bod', 'body ', '"body"', '__proto__', ''] as const;
const name = fc
  .oneof(fc.constantFrom(...NAMES), someText)
  // Refused: see core/backslash-names.ts.
  .filter(text => !text.includes('\\'));

function list(open: string, elements: fc.Arbitrary<string>, close: string, maxLength: number) {
  return fc
    .tuple(fc.array(elements, { maxLength }), space)
    .map(([parts, gap]) => `${open}${gap}${parts.join(',')}${gap}${close}`);
}

function around(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(space, text, space).map(parts => parts.join(''));
}

const { value, object, array } = fc.letrec<{ value: string; object: string; array: string }>(
  tie => {
    const member = fc.tuple(around(written(name)), around(tie('value'))).map(([key, text]) => {
      return `${key}:${text}`;
    });
    return {
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom('null', 'true', 'false'),
        number,
        written(someText),
        tie('array'),
        tie('object'),
      ),
      object: list('{', member, '}', 6),
      array: list('[', around(tie('value')), ']', 4),
    };
  },
);

/** The text of any JSON value, of an object, of an array. */
export const jsonTexts = { value: around(value), object: around(object), array: around(array) };
