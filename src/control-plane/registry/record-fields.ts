/** The parts that schemas of records are made of. `form` says in words what a pattern wants. */
import Type, { type TProperties } from 'typebox';

export const record = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

export const integer = (
  description: string,
  defaultValue: number,
  minimum: number,
  maximum: number,
) => Type.Integer({ description, default: defaultValue, minimum, maximum });

export const text = (description: string) =>
  Type.String({
    description,
    pattern: '^[^\\x00-\\x1f\\x7f]{1,200}$',
    form: '1 to 200 characters without control characters',
  });

/** Ids go into headers and metrics, so they are plain ASCII. */
export const id = (description: string) =>
  Type.String({
    description,
    pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$',
    form: 'an id of 1 to 128 letters, digits, _ or -',
  });

/** With an API id before it: an API's own id has no dot, so `<api>.<operationId>` is unique. */
export const operationId = (description: string) =>
  Type.String({
    description,
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$',
    form: 'an id of 1 to 128 letters, digits, ., _ or -',
  });

const ID_CHARACTER = '[\\x21\\x23-\\x5b\\x5d-\\x7e]';

/**
 * RFC 9421 section 2.3: `keyid` is a structured-field string. Spaces as in the names of certificate
 * authorities, of which Berlin Group makes its `keyId`.
 */
export const keyId = Type.String({
  description: 'The `keyid` of its signatures; unique.',
  pattern: `^${ID_CHARACTER}(?:(?: |${ID_CHARACTER}){0,254}${ID_CHARACTER})?$`,
  form: '1 to 256 printable ASCII characters except " and \\, no space at either end',
});

/** RFC 6749 section 3.3. Twice `__proto__` is not seen by the check of items that must differ. */
export const scopes = (description: string) =>
  Type.Array(
    Type.String({
      pattern: '^(?!__proto__$)[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,128}$',
      form: 'a scope of 1 to 128 visible ASCII characters except " and \\, not __proto__',
    }),
    { description, default: [], maxItems: 64, uniqueItems: true },
  );

export const reference = (description: string) =>
  Type.String({ description, minLength: 1, maxLength: 256 });

/** ISO 4217 code and an exact decimal: money is never a binary fraction. */
export const amount = (description: string) =>
  Type.String({
    description,
    pattern: '^(0|[1-9][0-9]{0,11})(\\.[0-9]{1,6})?$',
    form: 'a decimal number such as 0.015',
  });

export const instant = (description: string) =>
  Type.String({
    description,
    pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,3})?(Z|[+-]\\d\\d:\\d\\d)$',
    form: 'an ISO 8601 instant such as 2027-01-31T00:00:00Z',
  });

export const optionalInteger = (description: string, minimum: number, maximum: number) =>
  Type.Optional(Type.Integer({ description, minimum, maximum }));
