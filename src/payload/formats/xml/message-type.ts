/**
 * What an XML message looks like, as one table: each type is a list of its elements in the order of
 * the schema's sequence. An element is `Name`, `Name[]` where it may repeat, and `Name:Type` where
 * it is more than text. A type whose list starts with `@` is text with these attributes.
 *
 * A table says names, order and repetition. Which elements must be there, choices, lengths and
 * patterns are left to the operation's JSON Schema.
 */
export interface MessageType {
  readonly mediaType: string;
  readonly namespace: string;
  /** Name of the root element; its type has the same name in `types`. */
  readonly root: string;
  readonly types: Readonly<Record<string, string>>;
}

export interface ElementRule {
  readonly name: string;
  /** Place in the sequence. */
  readonly index: number;
  readonly repeats: boolean;
  readonly type: ContentType;
}

export type ContentType =
  | { readonly kind: 'text' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'attributed'; readonly attributes: ReadonlySet<string> }
  | { readonly kind: 'group'; readonly elements: Map<string, ElementRule> };

export type GroupType = Extract<ContentType, { kind: 'group' }>;

const TEXT: ContentType = { kind: 'text' };
const BOOLEAN: ContentType = { kind: 'boolean' };
const ELEMENT = /^([A-Za-z_][\w.-]*)(\[\])?(?::(\w+))?$/;
const ATTRIBUTE = /^@([A-Za-z_][\w.-]*)$/;

/** Throws Error for a table that contradicts itself: that is found when the gateway starts. */
export function compileMessageType(message: MessageType): GroupType {
  const compiled = new Map<string, ContentType>([['Boolean', BOOLEAN]]);
  const typeOf = (name: string): ContentType => {
    const known = compiled.get(name);
    if (known !== undefined) return known;
    const list = message.types[name];
    if (list === undefined) throw new Error(`the message type ${message.root} has no type ${name}`);
    const words = list.split(/\s+/).filter(word => word !== '');
    if (words[0]?.startsWith('@')) {
      const attributed: ContentType = { kind: 'attributed', attributes: attributesOf(words) };
      compiled.set(name, attributed);
      return attributed;
    }
    // Known before its elements are: a type may hold itself.
    const group: GroupType = { kind: 'group', elements: new Map() };
    compiled.set(name, group);
    for (const word of words) addElement(group.elements, word, typeOf);
    return group;
  };
  const root = typeOf(message.root);
  if (root.kind !== 'group') throw new Error(`the root ${message.root} has no elements`);
  return root;
}

function addElement(
  elements: Map<string, ElementRule>,
  word: string,
  typeOf: (name: string) => ContentType,
): void {
  const [, name, repeats, type] = ELEMENT.exec(word) ?? [];
  if (name === undefined || elements.has(name)) throw new Error(`a type lists ${word} wrongly`);
  elements.set(name, {
    name,
    index: elements.size,
    repeats: repeats !== undefined,
    type: type === undefined ? TEXT : typeOf(type),
  });
}

function attributesOf(words: readonly string[]): ReadonlySet<string> {
  return new Set(
    words.map(word => {
      const name = ATTRIBUTE.exec(word)?.[1];
      if (name === undefined) throw new Error(`a type lists ${word} wrongly`);
      return name;
    }),
  );
}
