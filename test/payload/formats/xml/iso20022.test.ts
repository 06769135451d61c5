import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORMAT_LIMITS, FORMATS } from '../../../../src/payload/formats/index.ts';
import { CAMT_053 } from '../../../../src/payload/formats/xml/camt-053.ts';
import {
  type ContentType,
  compileMessageType,
} from '../../../../src/payload/formats/xml/message-type.ts';
import { PAIN_001 } from '../../../../src/payload/formats/xml/pain-001.ts';
import { faultOf } from '../../fault-of.ts';
import {
  documentOf,
  factOf,
  isLeftOut,
  type Node,
  readSchemaFacts,
  type SchemaFacts,
  xmlOf,
} from './schema-facts.ts';

const MESSAGES = [
  ['pain.001.001.09', PAIN_001],
  ['camt.053.001.08', CAMT_053],
] as const;

/** Where a table and the schema differ, as paths; elements that are left out are no difference. */
function differences(facts: SchemaFacts, table: ContentType): string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  const compare = (path: string, type: string | undefined, content: ContentType) => {
    const fact = factOf(facts, type);
    if (fact.kind !== content.kind) found.push(`${path}: ${content.kind}, ${fact.kind}`);
    if (fact.kind === 'attributed' && content.kind === 'attributed') {
      const names = [...content.attributes].join(' ');
      if (names !== fact.attributes.join(' ')) found.push(`${path}: @${names}`);
    }
    if (fact.kind !== 'group' || content.kind !== 'group' || seen.has(type!)) return;
    seen.add(type!);
    const elements = fact.elements.filter(element => !isLeftOut(element));
    const listed = [...content.elements.values()]
      .map(({ name, repeats }) => (repeats ? `${name}[]` : name))
      .join(' ');
    const wanted = elements.map(({ name, most }) => (most > 1 ? `${name}[]` : name)).join(' ');
    if (listed !== wanted) found.push(`${path}: ${listed} rather than ${wanted}`);
    for (const { name, type: inner } of elements) {
      const rule = content.elements.get(name);
      if (rule !== undefined) compare(`${path}/${name}`, inner, rule.type);
    }
  };
  compare('', 'Document', table);
  return found;
}

/** Groups that hold two neighbours of different names. */
function unequalNeighbours(node: Node): { siblings: Node[]; at: number }[] {
  const here = node.children.flatMap(({ name }, at) =>
    at > 0 && node.children[at - 1]!.name !== name ? [{ siblings: node.children, at }] : [],
  );
  return [...here, ...node.children.flatMap(unequalNeighbours)];
}

describe.each(MESSAGES)('%s', (name, message) => {
  const facts = readSchemaFacts(name);
  const format = FORMATS[name]!;
  const bytesOf = (root: Node) => Buffer.from(xmlOf(root, message.namespace));
  const documents = fc.gen().map(draw => documentOf(facts, draw));

  it('has the names, the order, the repetition and the attributes of its schema', () => {
    expect(differences(facts, compileMessageType(message))).toEqual([]);
  });

  it.each([
    ['Institution', /ClrSysMmbId:ClearingMember LEI/, 'LEI ClrSysMmbId:ClearingMember'],
    ['PersonId', /Othr\[\]/, 'Othr'],
    ['Amount', /@Ccy/, '@Currency'],
    ['Contact', /EmailAdr/, 'EmailAddr'],
    ['Garnishment', /FmlyMdclInsrncInd:Boolean/, 'FmlyMdclInsrncInd'],
    ['Proxy', /Tp:Code /, ''],
  ])('is told apart from a table that has %s wrong', (type, right, wrong) => {
    const list = message.types[type]!.replace(right, wrong);
    expect(list).not.toBe(message.types[type]);
    const table = compileMessageType({ ...message, types: { ...message.types, [type]: list } });
    expect(differences(facts, table)).not.toEqual([]);
  });

  it('carries documents of its schema to a payload and back, byte for byte', () => {
    fc.assert(
      fc.property(documents, root => {
        const bytes = bytesOf(root);
        const written = Buffer.from(format.write(format.read(bytes, FORMAT_LIMITS)));
        const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
        expect(written.toString()).toBe(`${declaration}${bytes.toString()}\n`);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses documents with two neighbours in the wrong order', () => {
    fc.assert(
      fc.property(documents, fc.nat(), (root, choice) => {
        const places = unequalNeighbours(root);
        const { siblings, at } = places[choice % places.length]!;
        [siblings[at - 1], siblings[at]] = [siblings[at]!, siblings[at - 1]!];
        expect(faultOf(() => format.read(bytesOf(root), FORMAT_LIMITS))).toBeTypeOf('string');
      }),
      { numRuns: 60 },
    );
  });

  it('leaves supplementary data out: it is refused', () => {
    const root = fc.sample(documents, 1)[0]!;
    const extra = { name: 'SplmtryData', attributes: {}, text: '', children: [] };
    root.children[0]!.children.push(extra);
    expect(faultOf(() => format.read(bytesOf(root), FORMAT_LIMITS))).toBeTypeOf('string');
  });
});
