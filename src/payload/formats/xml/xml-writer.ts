/** A payload to XML, elements in the order of the schema; the same bytes for the same payload. */
import { type JsonValue, PayloadFault } from '../../payload-fault.ts';
import { FORMAT_LIMITS } from '../payload-format.ts';
import { pointerOf } from '../plain-value.ts';
import type { ContentType, ElementRule, GroupType, MessageType } from './message-type.ts';

/** XML 1.0, section 2.2: everything else but half a surrogate pair can be written. */
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
/** A carriage return would be read as a line feed (2.11), and text must not hold `]]>` (2.4). */
const TEXT_ESCAPED = /[&<>\r]/g;
/** All white space would be read as a space (section 3.3.3). */
const ATTRIBUTE_ESCAPED = /[&<>"\t\n\r]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

type Members = Readonly<Record<string, JsonValue>>;

/** Throws PayloadFault, with the place, for members that the message type has not. */
export function writeXml(payload: JsonValue, message: MessageType, root: GroupType): Uint8Array {
  const body = new XmlWriter().group(payload, root);
  const namespace = escapeAttribute(message.namespace);
  const document = `<${message.root} xmlns="${namespace}">${body}</${message.root}>`;
  return Buffer.from(`${DECLARATION}${document}\n`, 'utf8');
}

class XmlWriter {
  private readonly path: (string | number)[] = [];
  /** Elements that are open: the root, to begin with. */
  private depth = 1;

  group(value: JsonValue, type: GroupType): string {
    const members = this.membersOf(value);
    let known = 0;
    let written = '';
    for (const rule of type.elements.values()) {
      if (!Object.hasOwn(members, rule.name)) continue;
      known++;
      this.path.push(rule.name);
      written += this.element(members[rule.name]!, rule);
      this.path.pop();
    }
    if (known < Object.keys(members).length) this.refuseUnknown(members, type);
    return written;
  }

  private element(value: JsonValue, rule: ElementRule): string {
    if (!rule.repeats) return this.one(value, rule);
    if (!Array.isArray(value)) return this.refuse('must be an array, as the element may repeat');
    let written = '';
    for (let i = 0; i < value.length; i++) {
      this.path.push(i);
      written += this.one(value[i] as JsonValue, rule);
      this.path.pop();
    }
    return written;
  }

  private one(value: JsonValue, rule: ElementRule): string {
    const { name, type } = rule;
    const attributes = type.kind === 'attributed' ? this.attributes(value, type.attributes) : '';
    if (this.depth >= FORMAT_LIMITS.depthMax) {
      this.refuse(`must nest ${FORMAT_LIMITS.depthMax} deep at most`);
    }
    this.depth++;
    const content = this.content(value, type);
    this.depth--;
    return `<${name}${attributes}>${content}</${name}>`;
  }

  private content(value: JsonValue, type: ContentType): string {
    switch (type.kind) {
      case 'group':
        return this.group(value, type);
      case 'attributed':
        return this.text(this.membersOf(value)['#text']);
      case 'boolean':
        return typeof value === 'boolean' ? String(value) : this.refuse('must be true or false');
      case 'text':
        return this.text(value);
    }
  }

  private attributes(value: JsonValue, known: ReadonlySet<string>): string {
    const members = this.membersOf(value);
    let written = '';
    let count = Object.hasOwn(members, '#text') ? 1 : this.refuse('must have a member #text');
    for (const name of known) {
      const attribute = `@${name}`;
      if (!Object.hasOwn(members, attribute)) continue;
      count++;
      written += ` ${name}="${escapeAttribute(this.characters(members[attribute]))}"`;
    }
    if (count < Object.keys(members).length) this.refuse('has a member that the type has not');
    return written;
  }

  private text(value: JsonValue | undefined): string {
    const text = this.characters(value);
    return text.replace(TEXT_ESCAPED, character => ESCAPES[character]!);
  }

  /** Numbers are refused: 1.10 and 1.1 are the same number and not the same amount. */
  private characters(value: JsonValue | undefined): string {
    if (typeof value !== 'string') return this.refuse('must be text; amounts and numbers too');
    if (UNWRITABLE.test(value) || !value.isWellFormed()) {
      this.refuse('has a character that XML cannot hold');
    }
    return value;
  }

  private membersOf(value: JsonValue): Members {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Members) : this.refuse('must be an object');
  }

  private refuseUnknown(members: Members, type: GroupType): never {
    const name = Object.keys(members).find(member => !type.elements.has(member))!;
    this.path.push(name);
    return this.refuse('has no element in the message type');
  }

  private refuse(reason: string): never {
    throw new PayloadFault(pointerOf(this.path), reason);
  }
}

function escapeAttribute(text: string): string {
  return text.replace(ATTRIBUTE_ESCAPED, character => ESCAPES[character]!);
}
