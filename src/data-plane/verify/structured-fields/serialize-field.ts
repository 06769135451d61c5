import { parseDictionary, parseItem, parseList } from './parse-field.ts';
import type { BareItem, Dictionary, FieldType, Member, Parameters } from './values.ts';

/** The strict serialisation of a field (RFC 9651 section 4.1), or undefined where it is not one. */
export function normaliseField(type: FieldType, text: string): string | undefined {
  if (type === 'dictionary') {
    const dictionary = parseDictionary(text);
    return dictionary === undefined ? undefined : serializeDictionary(dictionary);
  }
  if (type === 'list') {
    const list = parseList(text);
    return list?.map(serializeMember).join(', ');
  }
  const item = parseItem(text);
  return item === undefined ? undefined : serializeMember(item);
}

export function serializeDictionary(dictionary: Dictionary): string {
  const members: string[] = [];
  for (const [key, member] of dictionary) {
    members.push(
      isTrue(member.value)
        ? key + serializeParameters(member.parameters)
        : `${key}=${serializeMember(member)}`,
    );
  }
  return members.join(', ');
}

/** An item or inner list with its parameters (RFC 9651 sections 4.1.1.1, 4.1.3). */
export function serializeMember(member: Member): string {
  const { value } = member;
  const text = isItems(value)
    ? `(${value.map(serializeMember).join(' ')})`
    : serializeBareItem(value);
  return text + serializeParameters(member.parameters);
}

export function serializeParameters(parameters: Parameters): string {
  let text = '';
  for (const [key, value] of parameters) {
    text += isTrue(value) ? `;${key}` : `;${key}=${serializeBareItem(value)}`;
  }
  return text;
}

export function serializeBareItem(item: BareItem): string {
  const { type, value } = item;
  switch (type) {
    case 'integer':
      return String(value);
    case 'decimal':
      return serializeDecimal(value as number);
    case 'string':
      return serializeString(value as string);
    case 'token':
      return value as string;
    case 'bytes':
      return `:${Buffer.from(value as Uint8Array).toString('base64')}:`;
    case 'boolean':
      return value ? '?1' : '?0';
    case 'date':
      return `@${value}`;
    case 'display-string':
      return serializeDisplayString(value as string);
  }
}

export function serializeString(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** At least one digit after the point, at most three (RFC 9651 section 4.1.5). */
function serializeDecimal(value: number): string {
  return value.toFixed(3).replace(/0{1,2}$/, '');
}

function serializeDisplayString(value: string): string {
  let text = '%"';
  for (const byte of Buffer.from(value)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x22 && byte !== 0x25;
    text += plain ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`;
  }
  return `${text}"`;
}

function isItems(value: BareItem | readonly Member[]): value is readonly Member[] {
  return Array.isArray(value);
}

function isTrue(value: BareItem | readonly Member[]): boolean {
  return !isItems(value) && value.type === 'boolean' && value.value === true;
}
