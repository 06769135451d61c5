/** The values of structured fields (RFC 9651 section 3), one shape each. */
export type BareType =
  | 'integer'
  | 'decimal'
  | 'string'
  | 'token'
  | 'bytes'
  | 'boolean'
  | 'date'
  | 'display-string';

/**
 * A bare item. `value` is a number for integer, decimal and date (seconds since the epoch), a
 * string for string, token and display-string, bytes or a boolean. Integer and decimal stay
 * apart because 1 and 1.0 serialise differently (RFC 9651 sections 4.1.4, 4.1.5).
 */
export class BareItem {
  readonly type: BareType;
  readonly value: number | string | boolean | Uint8Array;

  constructor(type: BareType, value: number | string | boolean | Uint8Array) {
    this.type = type;
    this.value = value;
  }
}

/** In the order of their first appearance. */
export type Parameters = ReadonlyMap<string, BareItem>;

export const NO_PARAMETERS: Parameters = new Map();

/** A member of a list or dictionary: an item, or an inner list of items. */
export class Member {
  readonly value: BareItem | readonly Member[];
  readonly parameters: Parameters;

  constructor(value: BareItem | readonly Member[], parameters: Parameters) {
    this.value = value;
    this.parameters = parameters;
  }
}

export type Dictionary = ReadonlyMap<string, Member>;

/** The three top-level types (RFC 9651 section 3): what a field's definition says it is. */
export type FieldType = 'item' | 'list' | 'dictionary';
