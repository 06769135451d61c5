/** Where keys are read from. A configuration names them and never holds them. */

/** Private keys are read only from where nobody else reads them. */
export type Secrecy = 'public' | 'private';

/**
 * A key management service that gives out keys is one more source. One that keeps them and decrypts
 * itself is another PayloadCipher.
 */
export interface KeySource {
  /**
   * The text of a key: PEM or JWK.
   * @param name what follows the scheme in a reference
   * @throws KeyFault
   */
  read(name: string, secrecy: Secrecy): Promise<string>;
}

/** A key of RSA with 4096 bits takes 3,300 bytes. */
export const KEY_TEXT_MAX_BYTES = 16_384;

/** A key that the operator has to see to. Its text names the key and shows nothing of it. */
export class KeyFault extends Error {
  override readonly name = 'KeyFault';
  readonly reference: string;

  constructor(reference: string, reason: string) {
    super(`The key ${reference} ${reason}.`);
    this.reference = reference;
  }
}
