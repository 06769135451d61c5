/**
 * How a mapping is written: a list of steps, each a section with one verb. One section per verb
 * rather than a union, so that what does not fit is told at its own option.
 */
import Type, { type Static } from 'typebox';
import { DATE_FORMATS } from './convert-date.ts';
import { JSON_TYPES } from './convert-type.ts';
import { UNITS } from './convert-unit.ts';
import { POINTER_PATTERN } from './pointer.ts';

/** RFC 6901, `*` as a whole segment for every element of a list; never the payload as a whole. */
const pointer = (description: string) =>
  Type.String({
    description,
    maxLength: 512,
    pattern: POINTER_PATTERN,
    form: 'a JSON Pointer such as /items/*/price, without ~ except as ~0 and ~1',
  });

const section = <P extends Type.TProperties>(description: string, properties: P) =>
  Type.Optional(Type.Object(properties, { description, additionalProperties: false }));

const required = Type.Optional(
  Type.Boolean({ description: 'Refuses payloads that lack the place; otherwise left alone.' }),
);

/** With a converted value `null` stays `null`, whatever the types. */
const stepSchema = Type.Object(
  {
    rename: section('Gives a member another name in its object.', {
      at: pointer('The member.'),
      to: Type.String({
        description: 'Its new name; the object must not have it.',
        maxLength: 256,
      }),
      required,
    }),
    move: section('Moves a member, into objects that are made where they are absent.', {
      from: pointer('The member. Objects that it leaves empty go with it.'),
      to: pointer('Its new place, which must be free; `*` as in `from`, for the same elements.'),
      required,
    }),
    copy: section('Copies text, a number, true, false or null.', {
      from: pointer('What is copied.'),
      to: pointer('The other place, which must be free; `*` as in `from`.'),
      required,
    }),
    default: section('Writes a value where there is none.', {
      at: pointer('The place.'),
      value: Type.Unknown({ description: 'Any JSON value.' }),
      whereNull: Type.Optional(Type.Boolean({ description: 'Replaces `null` too.' })),
    }),
    constant: section('Writes a value whatever there was.', {
      at: pointer('The place.'),
      value: Type.Unknown({ description: 'Any JSON value.' }),
    }),
    drop: section('Takes out a member, an element, or with `*` at the end all elements.', {
      at: pointer('The place.'),
      required,
    }),
    type: section('Converts between JSON types, exactly or not at all.', {
      at: pointer('The value.'),
      from: Type.Enum([...JSON_TYPES], { description: 'What it is.' }),
      to: Type.Enum([...JSON_TYPES], { description: 'What it becomes.' }),
      fractionDigits: Type.Optional(
        Type.Integer({
          description: 'Digits that the text of a number has after its point, exactly.',
          minimum: 0,
          maximum: 18,
        }),
      ),
      required,
    }),
    unit: section('Converts between units by exact decimal arithmetic.', {
      at: pointer('The value: a number or the text of one.'),
      from: Type.Enum([...UNITS], { description: 'Its unit.' }),
      to: Type.Enum([...UNITS], { description: 'Its new unit, of the same kind.' }),
      exponent: Type.Optional(
        Type.Integer({
          description: 'For money: decimals of the currency (ISO 4217), 2 for CNY.',
          minimum: 0,
          maximum: 6,
        }),
      ),
      required,
    }),
    date: section('Converts between ways to write a date or an instant.', {
      at: pointer('The value.'),
      from: Type.Enum([...DATE_FORMATS], { description: 'How it is written.' }),
      to: Type.Enum([...DATE_FORMATS], { description: 'How it will be written.' }),
      offset: Type.Optional(
        Type.String({
          description: 'UTC offset of what is written without one, and of `date-time` to write.',
          pattern: '^(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$',
          form: 'Z or an offset such as +08:00',
        }),
      ),
      truncate: Type.Optional(
        Type.Boolean({ description: 'Cuts off what the new form cannot say; else it is refused.' }),
      ),
      required,
    }),
    values: section('Replaces values by a table.', {
      at: pointer('The value.'),
      table: Type.Array(
        Type.Object(
          {
            from: Type.Unknown({ description: 'Text, a number, true, false or null.' }),
            to: Type.Unknown({ description: 'What stands for it, of the same kinds.' }),
          },
          { additionalProperties: false },
        ),
        { description: 'Pairs.', minItems: 1, maxItems: 1_000 },
      ),
      unknown: Type.Optional(
        Type.Enum(['refuse', 'keep'], {
          description: 'What becomes of a value that is not in the table; `refuse` where absent.',
        }),
      ),
      required,
    }),
  },
  { additionalProperties: false, minProperties: 1, maxProperties: 1 },
);

/** Part of the records that hold a mapping; what the schema cannot say is in `mappingFaults`. */
export const mappingSchema = Type.Array(stepSchema, {
  description: 'Steps that change a payload, in this order, each with one verb (docs/mapping.md).',
  maxItems: 256,
});

export type MappingStep = Static<typeof stepSchema>;
export type VerbName = keyof MappingStep;
export type Options<V extends VerbName> = NonNullable<MappingStep[V]>;
