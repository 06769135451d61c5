import { describe, expect, it } from 'vitest';
import { payloadOfDocument } from '../../../src/control-plane/registry/document-payload.ts';
import { compileSchema } from '../../../src/payload/schema/compile-schema.ts';
import type { JsonObject } from '../../../src/stores/registry-contract.ts';

const json = (schema: JsonObject) => ({ content: { 'application/json': { schema } } });
const ORDER = { $ref: '#/components/schemas/Order' };
const DOCUMENT: JsonObject = {
  components: {
    schemas: {
      Order: {
        type: 'object',
        properties: { next: ORDER, amount: { $ref: '#/components/schemas/a~1b' } },
      },
      'a/b': { type: 'string' },
    },
    requestBodies: { Order: json(ORDER) },
  },
};
const OPERATION: JsonObject = {
  requestBody: { $ref: '#/components/requestBodies/Order' },
  responses: {
    '200': json(ORDER),
    '201': json(ORDER),
    '409': json({ type: 'string' }),
    default: {},
  },
};
const validating = (value: string, more: JsonObject = {}) =>
  payloadOfDocument(DOCUMENT, { ...OPERATION, 'x-validate': value, ...more });

describe('the payloads of a document', () => {
  it('pass as they are where it does not say otherwise', () => {
    expect(payloadOfDocument(DOCUMENT, OPERATION)).toBeUndefined();
    expect(validating('none')).toBeUndefined();
  });

  it('have schemas that stand alone, circles among them, and compile', () => {
    const definition = validating('both')!;
    const schema = { $ref: '#/$defs/s0', $defs: expect.any(Object) };
    expect(definition).toEqual({ request: { schema }, answer: { schema } });
    expect(() => compileSchema(definition.request!.schema!)).not.toThrow();
  });

  it('of one direction alone are checked where it says so, or for the whole document', () => {
    expect(Object.keys(validating('request')!)).toEqual(['request']);
    expect(Object.keys(validating('answer')!)).toEqual(['answer']);
    const whole = payloadOfDocument({ ...DOCUMENT, 'x-validate': 'answer' }, OPERATION);
    expect(Object.keys(whole!)).toEqual(['answer']);
  });

  it('may be any of those that successful answers have', () => {
    const responses = { '200': json({ type: 'string' }), '2XX': json({ type: 'null' }) };
    expect(validating('answer', { responses })).toEqual({
      answer: { schema: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
    });
  });

  it('have no schema where the document has none for JSON', () => {
    const requestBody = { content: { 'text/plain': { schema: { type: 'string' } } } };
    expect(validating('request', { requestBody })).toBeUndefined();
  });

  it('have their schema where the document writes parameters behind JSON', () => {
    const schema = { type: 'string' };
    const requestBody = { content: { 'application/json; charset=utf-8': { schema } } };
    expect(validating('request', { requestBody })).toEqual({ request: { schema } });
  });

  it('keep a reference that leads nowhere, for the compiler to name', () => {
    const { schema } = validating('request', { requestBody: json({ $ref: '#/nowhere' }) })!
      .request!;
    expect(() => compileSchema(schema!)).toThrow('#/nowhere');
  });

  it('are converted as x-payload says, which comes before x-validate', () => {
    const mapping = [{ drop: { at: '/internal' } }];
    const definition = validating('both', { 'x-payload': { answer: { mapping, schema: {} } } })!;
    expect(definition.answer).toEqual({ mapping, schema: {} });
    expect(definition.request?.schema).toBeDefined();
  });
});
