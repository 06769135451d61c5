/** The facts of ISO 20022 schemas under test/vectors/iso20022, and documents that obey them. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';

export interface ElementFact {
  readonly name: string;
  readonly type: string | undefined;
  readonly least: number;
  readonly most: number;
}

export type TypeFact =
  | { readonly kind: 'group'; readonly isChoice: boolean; readonly elements: ElementFact[] }
  | { readonly kind: 'attributed'; readonly attributes: string[] }
  | { readonly kind: 'any' | 'boolean' | 'text' };

export type SchemaFacts = ReadonlyMap<string, TypeFact>;

const ELEMENT = /^(\w+)(?:([?*+])|\{(\d+),(\d+)\})?(?::(\w+))?$/;
const OCCURRENCES = { '?': [0, 1], '*': [0, Infinity], '+': [1, Infinity] } as const;

export function readSchemaFacts(message: string): SchemaFacts {
  const facts = new Map<string, TypeFact>([
    ['any', { kind: 'any' }],
    ['boolean', { kind: 'boolean' }],
  ]);
  for (const name of ['schema-parts', `${message}.schema`]) {
    const url = new URL(`../../../vectors/iso20022/${name}.txt`, import.meta.url);
    for (const line of readFileSync(url, 'utf8').split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const [type, ...words] = line.split(' ');
      if (facts.has(type!)) throw new Error(`${type} is there twice`);
      facts.set(type!, typeFact(words));
    }
  }
  return facts;
}

function typeFact(words: string[]): TypeFact {
  if (words[0]!.startsWith('@')) {
    return { kind: 'attributed', attributes: words.map(word => word.slice(1)) };
  }
  const isChoice = words[0] === '|';
  const elements = (isChoice ? words.slice(1) : words).map(word => {
    const [, name, sign, least, most, type] = ELEMENT.exec(word) ?? [];
    if (name === undefined) throw new Error(`no element: ${word}`);
    const range = sign === undefined ? [least ?? 1, most ?? 1] : OCCURRENCES[sign as '?'];
    return { name, type, least: Number(range[0]), most: Number(range[1]) };
  });
  return { kind: 'group', isChoice, elements };
}

export function factOf(facts: SchemaFacts, type: string | undefined): TypeFact {
  if (type === undefined) return { kind: 'text' };
  const fact = facts.get(type);
  if (fact === undefined) throw new Error(`no type ${type}`);
  return fact;
}

/** An element of a document; `children` where its type is a group. */
export interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: Node[];
}

/** Supplementary data is what the formats leave out. */
export const isLeftOut = (element: ElementFact) => element.type === 'SupplementaryData1';

const TEXTS = fc.constantFrom(
  'NOTPROVIDED',
  '1',
  '0012.50',
  '2026-11-27',
  'Größe & Söhne',
  '茶',
  '',
);
const CURRENCY = fc.constantFrom('EUR', 'CNY', 'JPY');
/** How many of ten elements that need not be there are there, from the root down. */
const OPTIONAL_OF_TEN = [10, 8, 6, 3, 2];

/** A document of the schema: elements in its order, each as often as it may be. */
export function documentOf(facts: SchemaFacts, draw: fc.GeneratorValue): Node {
  const fill = (name: string, type: string | undefined, depth: number): Node => {
    const fact = factOf(facts, type);
    const node = { name, attributes: {}, text: '', children: [] as Node[] };
    if (fact.kind === 'text') return { ...node, text: draw(() => TEXTS) };
    if (fact.kind === 'boolean') return { ...node, text: String(draw(fc.boolean)) };
    if (fact.kind === 'attributed') {
      const attributes = fact.attributes.map(attribute => [attribute, draw(() => CURRENCY)]);
      return { ...node, attributes: Object.fromEntries(attributes), text: draw(() => TEXTS) };
    }
    if (fact.kind !== 'group') throw new Error('its content may be anything');
    const elements = fact.elements.filter(element => !isLeftOut(element));
    const chosen = fact.isChoice ? [draw(fc.constantFrom<ElementFact[]>, ...elements)] : elements;
    for (const element of chosen) {
      const times = draw(timesOf, element.least, element.most, depth);
      for (let i = 0; i < times; i++)
        node.children.push(fill(element.name, element.type, depth + 1));
    }
    return node;
  };
  return fill('Document', 'Document', 0);
}

function timesOf(least: number, most: number, depth: number): fc.Arbitrary<number> {
  const optional = OPTIONAL_OF_TEN[depth] ?? 1;
  const more = fc.integer({ min: Math.max(1, least), max: Math.min(most, least + 2) });
  if (least > 0) return more;
  return fc.oneof(
    { weight: 10 - optional, arbitrary: fc.constant(0) },
    { weight: optional, arbitrary: more },
  );
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

export function xmlOf(node: Node, namespace?: string): string {
  const declared = namespace === undefined ? {} : { xmlns: namespace };
  const attributes = Object.entries({ ...declared, ...node.attributes })
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('');
  const text = node.text.replace(/[&<>]/g, character => ESCAPES[character]!);
  const content = text + node.children.map(child => xmlOf(child)).join('');
  return `<${node.name}${attributes}>${content}</${node.name}>`;
}
