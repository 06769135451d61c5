/**
 * XML 1.0 with namespaces to a payload, in one pass. No DTD, no entities but the five that XML has
 * itself, no processing instructions; names, attributes, elements and depth are bounded before
 * anything is kept.
 */
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { type JsonValue, PayloadFault } from '../../payload-fault.ts';
import type { FormatLimits } from '../payload-format.ts';
import { pointerOf } from '../plain-value.ts';
import { decodeUtf8 } from '../utf8.ts';
import type { ContentType, ElementRule, GroupType, MessageType } from './message-type.ts';

/** `elementsMax` is what a camt.053 of a thousand entries takes, several times over. */
export const XML_LIMITS = {
  elementsMax: 100_000,
  attributesPerElementMax: 16,
  nameCharactersMax: 128,
  textCharactersMax: 65_536,
};

const BYTE_ORDER_MARK = '\ufeff';
const XMLNS = 'http://www.w3.org/2000/xmlns/';
const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const SPACE_ALONE = /^[ \t\n]*$/;

interface Frame {
  readonly type: ContentType;
  /** Step of the pointer; undefined for the root. */
  readonly name: string | undefined;
  /** Members so far, or the attributes of text. */
  readonly members: Record<string, JsonValue>;
  lastIndex: number;
  text: string;
}

/** Throws PayloadFault with the place, as the pointer that it would have in the payload. */
export function readXml(
  bytes: Uint8Array,
  message: MessageType,
  root: GroupType,
  limits: FormatLimits,
): JsonValue {
  const text = decodeUtf8(bytes, limits.bytesMax);
  return new XmlReader(message, root, limits.depthMax).read(text);
}

class XmlReader {
  private readonly message: MessageType;
  private readonly root: GroupType;
  private readonly depthMax: number;
  private readonly parser = new SaxesParser({ xmlns: true, position: true });
  private readonly frames: Frame[] = [];
  private elements = 0;
  private attributes = 0;
  private payload: JsonValue | undefined;

  constructor(message: MessageType, root: GroupType, depthMax: number) {
    this.message = message;
    this.root = root;
    this.depthMax = depthMax;
  }

  read(text: string): JsonValue {
    this.listen();
    this.parser.write(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text).close();
    return this.payload ?? this.refuse('must be XML');
  }

  private listen(): void {
    const { parser } = this;
    // Its messages repeat what was sent.
    parser.on('error', () => this.refuse(`must be well-formed XML: see line ${parser.line}`));
    parser.on('doctype', () => this.refuse('must have no DOCTYPE'));
    parser.on('processinginstruction', () => this.refuse('must have no processing instructions'));
    parser.on('xmldecl', ({ version, encoding }) => {
      if (version !== '1.0') this.refuse('must be XML 1.0');
      if (encoding !== undefined && encoding.toUpperCase() !== 'UTF-8') {
        this.refuse('must declare UTF-8, or no encoding');
      }
    });
    parser.on('opentagstart', ({ name }) => this.count(name));
    parser.on('attribute', ({ name }) => this.countAttribute(name));
    parser.on('opentag', tag => this.open(tag));
    parser.on('text', text => this.addText(text));
    parser.on('cdata', text => this.addText(text));
    parser.on('closetag', () => this.close());
  }

  private count(name: string): void {
    this.elements++;
    this.attributes = 0;
    this.checkName(name);
    if (this.elements > XML_LIMITS.elementsMax) {
      this.refuse(`must have ${XML_LIMITS.elementsMax} elements at most`);
    }
    if (this.frames.length >= this.depthMax) {
      this.refuse(`must nest ${this.depthMax} deep at most`);
    }
  }

  private countAttribute(name: string): void {
    this.attributes++;
    this.checkName(name);
    if (this.attributes > XML_LIMITS.attributesPerElementMax) {
      this.refuse(`must have ${XML_LIMITS.attributesPerElementMax} attributes an element at most`);
    }
  }

  private checkName(name: string): void {
    if (name.length > XML_LIMITS.nameCharactersMax) {
      this.refuse(`must have names of ${XML_LIMITS.nameCharactersMax} characters at most`);
    }
  }

  private open(tag: SaxesTagNS): void {
    const { namespace, root } = this.message;
    const parent = this.frames.at(-1);
    if (tag.uri !== namespace) this.refuse(`must have its elements in the namespace ${namespace}`);
    if (parent === undefined && tag.local !== root) this.refuse(`must be the element ${root}`);
    const rule = parent === undefined ? undefined : this.ruleOf(parent, tag.local);
    const type = rule?.type ?? this.root;
    const frame = { type, name: rule?.name, members: {}, lastIndex: 0, text: '' };
    this.frames.push(frame);
    this.readAttributes(tag, frame);
  }

  /** The rule of an element below `parent`, which must allow it at this place. */
  private ruleOf(parent: Frame, name: string): ElementRule {
    const rule = parent.type.kind === 'group' ? parent.type.elements.get(name) : undefined;
    if (rule === undefined) return this.refuse('holds an element that the message type has not');
    if (rule.index < parent.lastIndex) {
      this.refuse(`holds the element ${rule.name} after one that must follow it`);
    }
    if (!rule.repeats && Object.hasOwn(parent.members, rule.name)) {
      this.refuse(`holds the element ${rule.name} twice`);
    }
    parent.lastIndex = rule.index;
    return rule;
  }

  private readAttributes(tag: SaxesTagNS, frame: Frame): void {
    for (const { uri, local, value } of Object.values(tag.attributes)) {
      // Declarations say nothing by themselves, and where a schema lies is nothing to go and look.
      if (uri === XMLNS || (uri === XSI && local === 'schemaLocation')) continue;
      const { type } = frame;
      const isKnown = uri === '' && type.kind === 'attributed' && type.attributes.has(local);
      if (!isKnown) this.refuse('has an attribute that the message type has not');
      frame.members[`@${local}`] = value;
    }
  }

  private addText(text: string): void {
    const frame = this.frames.at(-1);
    // White space around the root is no text of anything.
    if (frame === undefined) return;
    if (frame.type.kind === 'group') {
      if (!SPACE_ALONE.test(text)) this.refuse('must hold elements rather than text');
      return;
    }
    frame.text += text;
    if (frame.text.length > XML_LIMITS.textCharactersMax) {
      this.refuse(`must hold ${XML_LIMITS.textCharactersMax} characters at most`);
    }
  }

  private close(): void {
    const frame = this.frames.at(-1)!;
    const value = this.valueOf(frame);
    this.frames.pop();
    const parent = this.frames.at(-1);
    if (parent === undefined) this.payload = value;
    else this.addMember(parent, frame.name!, value);
  }

  private addMember(parent: Frame, name: string, value: JsonValue): void {
    const { elements } = parent.type as GroupType;
    if (!elements.get(name)!.repeats) parent.members[name] = value;
    else if (Object.hasOwn(parent.members, name)) (parent.members[name] as JsonValue[]).push(value);
    else parent.members[name] = [value];
  }

  private valueOf(frame: Frame): JsonValue {
    const { type, text, members } = frame;
    switch (type.kind) {
      case 'group':
        return members;
      case 'attributed':
        return { ...members, '#text': text };
      case 'boolean':
        return this.booleanOf(text);
      case 'text':
        return text;
    }
  }

  /** XML Schema part 2, section 3.2.2.1. */
  private booleanOf(text: string): boolean {
    const word = text.trim();
    if (word === 'true' || word === '1') return true;
    return word === 'false' || word === '0' ? false : this.refuse('must be true or false');
  }

  private refuse(reason: string): never {
    const path: (string | number)[] = [];
    for (let i = 1; i < this.frames.length; i++) {
      const { name } = this.frames[i]!;
      path.push(name!);
      const { type, members } = this.frames[i - 1]!;
      if (type.kind !== 'group' || !type.elements.get(name!)!.repeats) continue;
      const earlier = members[name!];
      path.push(Array.isArray(earlier) ? earlier.length : 0);
    }
    throw new PayloadFault(pointerOf(path), reason);
  }
}
