/** What is encrypted on the partner's side of an operation's payloads: the whole, or fields. */
import { compileFieldEncryption, type FieldEncryption } from './encryption/field-encryption.ts';
import { decryptPayload, encryptPayload } from './encryption/index.ts';
import type { PayloadKeys } from './encryption/payload-keys.ts';
import { type JsonValue, PayloadFault } from './payload-fault.ts';

export interface EncryptionSource {
  readonly encryptedBody?: boolean;
  readonly encryptedFields?: readonly string[];
}

export function isEncrypted({ encryptedBody, encryptedFields = [] }: EncryptionSource): boolean {
  return encryptedBody === true || encryptedFields.length > 0;
}

function fieldsOf({ encryptedFields = [] }: EncryptionSource): FieldEncryption | undefined {
  return encryptedFields.length === 0 ? undefined : compileFieldEncryption(encryptedFields);
}

/** With the bank's keys. */
export class Decryption {
  private readonly keys: PayloadKeys;
  private readonly isWhole: boolean;
  private readonly fields: FieldEncryption | undefined;

  constructor(source: EncryptionSource, keys: PayloadKeys) {
    this.keys = keys;
    this.isWhole = source.encryptedBody === true;
    this.fields = fieldsOf(source);
  }

  /** `read` makes a payload of bytes in the clear. */
  async open(bytes: Uint8Array, read: (bytes: Uint8Array) => JsonValue): Promise<JsonValue> {
    const keys = await this.keys.own();
    const clear = this.isWhole ? await told(decryptPayload(textOf(bytes), keys)) : bytes;
    const payload = read(clear);
    if (this.fields !== undefined) await told(this.fields.decrypt(payload, keys));
    return payload;
  }
}

/** For the key of a partner. */
export class Encryption {
  readonly isWhole: boolean;
  private readonly keys: PayloadKeys;
  private readonly fields: FieldEncryption | undefined;

  constructor(source: EncryptionSource, keys: PayloadKeys) {
    this.keys = keys;
    this.isWhole = source.encryptedBody === true;
    this.fields = fieldsOf(source);
  }

  /** `write` makes bytes of the payload, which is changed in place. */
  async seal(payload: JsonValue, write: () => Uint8Array, partner: string): Promise<Uint8Array> {
    const keys = await this.keys.of(partner);
    if (this.fields !== undefined) await this.fields.encrypt(payload, keys);
    return this.isWhole ? Buffer.from(await encryptPayload(write(), keys)) : write();
  }
}

/** An envelope is ASCII. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1').trim();
}

async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof PayloadFault)) throw error;
    throw new PayloadFault(error.pointer, error.message, [], 'undecryptable');
  }
}
