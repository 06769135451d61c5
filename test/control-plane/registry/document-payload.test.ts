import { describe, expect, it } from 'vitest';
import {
  payloadOfDocument,
  validationFault,
} from '../../../src/control-plane/registry/document-payload.ts';
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

const TEXT = { content: { 'text/plain': { schema: { type: 'string' } } } };
const PATCH = { content: { 'application/merge-patch+json': { schema: { type: 'object' } } } };
const UNTYPED = { content: { 'application/json': {} } };
const ANYTHING = { content: { 'application/json': { schema: true } } };
const NOWHERE = { $ref: '#/components/requestBodies/None' };
const NO_BODY = { responses: { '204': { description: 'Done.' } } };
const fault = (operation: JsonObject, whole = 'none') =>
  validationFault({ ...DOCUMENT, 'x-validate': whole }, operation);

describe('x-validate', () => {
  it.each([
    ['text', TEXT],
    ['a JSON type of another name alone', PATCH],
    ['JSON without a schema', UNTYPED],
    ['a schema that is true', ANYTHING],
    ['a reference that leads nowhere', NOWHERE],
  ])('is refused for requests of %s, for they would pass unseen', (_, requestBody) => {
    for (const validate of ['request', 'both']) {
      const operation = { ...OPERATION, requestBody, 'x-validate': validate };
      expect(fault(operation)).toMatch(
        /requestBody .*application\/json.* x-payload\.request\.schema/,
      );
    }
    expect(fault({ ...OPERATION, requestBody }, 'both')).toContain('requestBody');
    expect(fault({ ...OPERATION, requestBody, 'x-validate': 'answer' })).toBeUndefined();
  });

  it.each([
    ['text', TEXT],
    ['a JSON type of another name alone', PATCH],
    ['a reference that leads nowhere', NOWHERE],
  ])('is refused for answers of %s alone', (_, response) => {
    const responses = { '200': response, default: json({ type: 'object' }) };
    for (const validate of ['answer', 'both']) {
      expect(fault({ ...OPERATION, responses, 'x-validate': validate })).toContain(
        'x-payload.answer.schema',
      );
    }
    const more = { ...responses, '201': json({ type: 'object' }) };
    expect(fault({ ...OPERATION, responses: more, 'x-validate': 'both' })).toBeUndefined();
  });

  it('of an operation whose payload it is about, and which has none, is refused', () => {
    expect(fault({ ...NO_BODY, 'x-validate': 'request' })).toContain('requestBody');
    expect(fault({ ...NO_BODY, 'x-validate': 'answer' })).toContain('a response of 2xx');
  });

  it('for all of a document lets operations without payloads be', () => {
    for (const whole of ['request', 'answer', 'both'])
      expect(fault(NO_BODY, whole)).toBeUndefined();
    expect(fault({ ...NO_BODY, 'x-validate': 'both' })).toBeUndefined();
  });

  it('is met by a schema of x-payload', () => {
    const operation = { requestBody: TEXT, ...NO_BODY, 'x-validate': 'request' };
    const schema = { type: 'object' };
    expect(fault({ ...operation, 'x-payload': { request: { schema } } })).toBeUndefined();
    expect(fault({ ...operation, 'x-payload': { request: { mapping: [] } } })).toBeDefined();
    expect(fault({ ...operation, 'x-payload': { answer: { schema } } })).toBeDefined();
  });

  it('of another word is refused, wherever it stands', () => {
    expect(fault({ ...OPERATION, 'x-validate': 'requests' })).toContain('must be one of');
    expect(fault(OPERATION, 'all')).toContain('must be one of');
    expect(fault(OPERATION)).toBeUndefined();
  });
});
