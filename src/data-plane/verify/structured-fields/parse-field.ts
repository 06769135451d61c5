import { FieldCursor } from './field-cursor.ts';
import { BareItem, type Dictionary, Member } from './values.ts';

const TRUE = new BareItem('boolean', true);

/** RFC 9651 section 4.2.2; undefined where the text is not a dictionary. */
export function parseDictionary(text: string): Dictionary | undefined {
  const cursor = new FieldCursor(text);
  const dictionary = new Map<string, Member>();
  cursor.skipSpaces();
  if (cursor.ended) return dictionary;
  do {
    const key = cursor.readKey();
    if (key === undefined || dictionary.has(key)) return undefined;
    const member = cursor.takeEquals() ? cursor.readMember() : readFlag(cursor);
    if (member === undefined) return undefined;
    dictionary.set(key, member);
  } while (cursor.nextMember());
  return cursor.failed ? undefined : dictionary;
}

function readFlag(cursor: FieldCursor): Member | undefined {
  const parameters = cursor.readParameters();
  return parameters === undefined ? undefined : new Member(TRUE, parameters);
}

/** RFC 9651 section 4.2.1; undefined where the text is not a list. */
export function parseList(text: string): readonly Member[] | undefined {
  const cursor = new FieldCursor(text);
  const list: Member[] = [];
  cursor.skipSpaces();
  if (cursor.ended) return list;
  do {
    const member = cursor.readMember();
    if (member === undefined) return undefined;
    list.push(member);
  } while (cursor.nextMember());
  return cursor.failed ? undefined : list;
}

/** RFC 9651 section 4.2.3; undefined where the text is not one item. */
export function parseItem(text: string): Member | undefined {
  const cursor = new FieldCursor(text);
  cursor.skipSpaces();
  const item = cursor.readItem();
  cursor.skipSpaces();
  return cursor.ended ? item : undefined;
}
