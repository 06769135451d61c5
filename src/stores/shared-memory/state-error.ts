/** Why the nonce state cannot be used; the message is a sentence for the operator. */
export class NonceStateError extends Error {
  readonly code: 'locked' | 'exists' | 'unusable';

  constructor(code: 'locked' | 'exists' | 'unusable', message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'NonceStateError';
    this.code = code;
  }
}
