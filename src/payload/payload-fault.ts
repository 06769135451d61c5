export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/**
 * Why a payload cannot be turned into what the other side expects. Thrown within src/payload alone:
 * whoever runs a program catches it and says which side sent what it cannot use.
 */
export class PayloadFault extends Error {
  override readonly name = 'PayloadFault';
  /** Whether it could not even be decrypted. */
  readonly kind: 'invalid' | 'undecryptable';
  /** JSON Pointer (RFC 6901) of the place at fault; '' for the payload as a whole. */
  readonly pointer: string;
  /** What is wrong besides. */
  readonly others: readonly PayloadFault[];

  /** `reason` says what to change and repeats nothing of the payload. */
  constructor(
    pointer: string,
    reason: string,
    others: readonly PayloadFault[] = [],
    kind: PayloadFault['kind'] = 'invalid',
  ) {
    super(reason);
    this.kind = kind;
    this.pointer = pointer;
    this.others = others;
  }
}
