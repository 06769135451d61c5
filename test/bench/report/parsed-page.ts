import { type DefaultTreeAdapterTypes, parse } from 'parse5';

export type Element = DefaultTreeAdapterTypes.Element;
type Node = DefaultTreeAdapterTypes.Node;

/** A page as a browser reads it. */
export interface ParsedPage {
  readonly elements: readonly Element[];
  /** What the parser complained of, and elements that nothing closed. */
  readonly faults: readonly string[];
}

/** Elements that HTML never closes. */
const VOID = ['meta', 'link'];

export function parsePage(text: string): ParsedPage {
  const faults: string[] = [];
  const document = parse(text, {
    sourceCodeLocationInfo: true,
    onParseError: ({ code, startLine }) => faults.push(`${code} in line ${startLine}`),
  });
  const elements = [...elementsIn(document)];
  for (const { tagName, sourceCodeLocation } of elements) {
    const isClosed = sourceCodeLocation?.endTag !== undefined || VOID.includes(tagName);
    if (!isClosed && !isSelfClosing(text, sourceCodeLocation)) faults.push(`<${tagName}> is open`);
  }
  return { elements, faults };
}

function isSelfClosing(text: string, location: Element['sourceCodeLocation']): boolean {
  return location?.startTag !== undefined && text[location.startTag.endOffset - 2] === '/';
}

function* elementsIn(node: Node): Generator<Element> {
  if ('tagName' in node) yield node;
  if (!('childNodes' in node)) return;
  for (const child of node.childNodes) yield* elementsIn(child);
}

export function attribute({ attrs }: Element, name: string): string | undefined {
  return attrs.find(each => each.name === name)?.value;
}

export function hasClass(element: Element, name: string): boolean {
  return (attribute(element, 'class') ?? '').split(' ').includes(name);
}

export function textOf(node: Node): string {
  if ('value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}

export function byId({ elements }: ParsedPage, id: string): Element {
  const found = elements.filter(element => attribute(element, 'id') === id);
  if (found.length !== 1) throw new Error(`${found.length} elements have the id ${id}`);
  return found[0]!;
}

/** Elements of a name below one element, or of the whole page. */
export function allOf(root: ParsedPage | Element, tagName: string): Element[] {
  const elements = 'elements' in root ? root.elements : [...elementsIn(root)];
  return elements.filter(element => element.tagName === tagName);
}

/** The paths that draw a series, by the name that its legend shows. */
export function seriesPaths(root: Element): Map<string, string> {
  const paths = allOf(root, 'path').filter(path => attribute(path, 'data-series') !== undefined);
  return new Map(paths.map(path => [attribute(path, 'data-series')!, attribute(path, 'd')!]));
}
