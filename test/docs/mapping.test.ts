import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createValueCheck } from '../../src/control-plane/config/schema-check.ts';
import { compileExpression, expressionFault } from '../../src/payload/jsonata/index.ts';
import {
  compileMapping,
  type MappingStep,
  mappingFaults,
  mappingSchema,
} from '../../src/payload/mapping/index.ts';
import { type JsonValue, PayloadFault } from '../../src/payload/payload-fault.ts';

interface Example {
  readonly mapping?: MappingStep[];
  readonly expression?: string;
  readonly in: JsonValue;
  readonly out?: JsonValue;
  readonly refused?: string;
}

const page = readFileSync(new URL('../../docs/mapping.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(
  match =>
    [match[1]!.trim().split('\n').slice(0, 2).join(' '), parse(match[1]!) as Example] as const,
);
const check = createValueCheck(mappingSchema);
const LIMITS = { timeoutMs: 1_000, depthMax: 300, itemsMax: 1_000, resultMaxBytes: 10_000 };

function run({ mapping, expression, in: payload }: Example): unknown {
  try {
    if (mapping !== undefined) return { out: compileMapping(mapping)(payload) };
    return { out: compileExpression(expression!)(payload, LIMITS) };
  } catch (error) {
    if (!(error instanceof PayloadFault)) throw error;
    return { refused: error.pointer };
  }
}

describe('docs/mapping.md', () => {
  it('has an example of every verb', () => {
    const verbs = new Set(
      examples.flatMap(([, { mapping }]) => mapping ?? []).flatMap(Object.keys),
    );
    expect([...verbs].sort()).toEqual(Object.keys(mappingSchema.items.properties).sort());
  });

  it.each(examples)('tells the truth about %s', (_start, example) => {
    if (example.mapping !== undefined) {
      expect(check(example.mapping)).toEqual([]);
      expect(mappingFaults(example.mapping)).toEqual([]);
    } else {
      expect(expressionFault(example.expression!)).toBeUndefined();
    }
    const { out, refused } = example;
    expect(run(example)).toEqual(refused === undefined ? { out } : { refused });
  });
});
