import { describe, expect, it } from 'vitest';
import { checkPayload, payloadRecord } from '../../../src/control-plane/registry/payload-form.ts';
import type { PayloadDefinition } from '../../../src/control-plane/registry/payload-schema.ts';

function faultsOf(definition: PayloadDefinition): readonly string[] {
  const pointers: string[] = [];
  checkPayload(definition, pointer => pointers.push(pointer));
  return pointers;
}

describe('what the registry says of payloads', () => {
  it.each([
    ['a word that does not exist', { requierd: ['a'] }],
    ['a type that does not exist', { type: 'text' }],
    ['a reference that leads nowhere', { $ref: '#/$defs/none' }],
    ['a reference that leaves it', { $ref: 'https://schemas.example/payment.json' }],
    ['a pattern that is none', { type: 'string', pattern: '(' }],
    ['a format that does not exist', { type: 'string', format: 'amount' }],
  ])('is refused where a schema has %s', (_, schema) => {
    expect(faultsOf({ request: { schema } })).toEqual(['/request/schema']);
  });

  it('may have words of its own that begin with x-, and those of OpenAPI', () => {
    const schema = { type: 'string', 'x-data-class': 'personal', example: 'CN-1', xml: {} };
    expect(faultsOf({ answer: { schema } })).toEqual([]);
  });

  it('is refused at the steps of a mapping that make no sense', () => {
    const mapping = [
      { move: { from: '/a', to: '/a/b' } },
      { unit: { at: '/a', from: 'major', to: 'percent' } },
    ] as const;
    const faults = faultsOf({ answer: { mapping: [...mapping] } });
    const steps = new Set(faults.map(pointer => pointer.split('/').slice(0, 4).join('/')));
    expect([...steps]).toEqual(['/answer/mapping/0', '/answer/mapping/1']);
  });

  it('is refused where an expression is none, or would run text of a payload', () => {
    expect(faultsOf({ request: { expression: '$sum(' } })).toEqual(['/request/expression']);
    expect(faultsOf({ request: { expression: '$eval(code)' } })).toEqual(['/request/expression']);
  });

  it('is one program for one definition, and none where nothing is done', () => {
    const definition = { request: { schema: { type: 'object' } } };
    expect(payloadRecord(undefined)).toBeUndefined();
    expect(payloadRecord({ request: {} })).toBeUndefined();
    const record = payloadRecord(definition)!;
    expect(record).toMatchObject({ requestType: 'application/json', answerType: undefined });
    const xml = payloadRecord({ answer: { upstreamFormat: 'camt.053.001.08' } })!;
    expect(xml).toMatchObject({ requestType: undefined, answerType: 'application/xml' });
    expect(payloadRecord(structuredClone(definition))!.id).toBe(record.id);
    expect(payloadRecord({ answer: definition.request })!.id).not.toBe(record.id);
  });

  it('that was stored and cannot be compiled any more makes a program that fails', () => {
    const { source } = payloadRecord({ request: { schema: { requierd: [] } } })!;
    expect(JSON.parse(source)).toEqual({ kind: 'broken' });
  });
});
